package content_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/fastmcp-go/fastmcp/content"
	"github.com/fastmcp-go/fastmcp/protocol"
)

var revisions = []protocol.Revision{
	protocol.V20241105, protocol.V20250326, protocol.V20250618, protocol.V20251125, protocol.V20260728,
}

func p[T any](v T) *T { return &v }

// everything is every type of block, with everything in it, with nothing in it, and with what must not be written.
func everything() []content.Block {
	good := &content.Annotations{Audience: []string{"user", "assistant"}, Priority: p(0.5), LastModified: "2025-01-12T15:00:58Z"}
	bad := &content.Annotations{Audience: []string{"nobody"}, Priority: p(7.0)}
	meta := map[string]any{"b": 1, "a": []string{"x"}}
	unwritable := map[string]any{"f": func() {}}
	icons := []protocol.Icon{{Src: "https://example.com/i.png", MimeType: "image/png", Sizes: []string{"48x48", "any"}, Theme: "dark"}, {Src: "data:,"}}
	return []content.Block{
		content.TextBlock{}, content.TextBlock{"a \"quoted\"\n\x00 \xff text", good, meta},
		content.TextBlock{"t", bad, unwritable}, content.TextBlock{Annotations: &content.Annotations{}},
		content.ImageBlock{}, content.ImageBlock{png, "image/png", good, meta}, content.ImageBlock{png, "", bad, unwritable},
		content.AudioBlock{}, content.AudioBlock{wav, "audio/wav", good, meta}, content.AudioBlock{wav, "", bad, unwritable},
		content.Resource("file:///a", "", ""), content.Blob("file:///a", "", nil),
		content.ResourceBlock{"file:///a", "text/plain", "text", nil, good, meta},
		content.ResourceBlock{"file:///a", "text/plain", "text", []byte("blob"), bad, unwritable},
		content.Link("file:///a", ""),
		content.LinkBlock{"file:///a", "n", "t", "d", "text/plain", p(int64(9)), icons, good, meta},
		content.LinkBlock{URI: "file:///a", Name: "n", Size: p(int64(-1)), Annotations: bad, Meta: unwritable},
		content.FromBytes([]byte{0, 1, 2}), content.FromBytes(nil), content.FromBytes(png), content.FromBytes(wav),
	}
}

// official compiles testdata's part of a revision's schema.
func official(t *testing.T, rev protocol.Revision) *jsonschema.Schema {
	t.Helper()
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	schema, err := compiler.Compile("testdata/" + rev.String() + ".json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// TestOfficialSchemas: what is written is valid in every revision, as a tool's result and as a prompt's message.
func TestOfficialSchemas(t *testing.T) {
	for _, rev := range revisions {
		schema := official(t, rev)
		check := func(name string, content, message []byte) {
			text := fmt.Appendf(nil, `{"content":%s,"message":%s}`, content, message)
			value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
			if err == nil {
				err = schema.Validate(value)
			}
			if err != nil {
				t.Errorf("%v %s: %v\n%s", rev, name, err, text)
			}
		}
		for i, b := range everything() {
			all := content.AppendAll(nil, []content.Block{b, nil, b}, rev)
			message := content.AppendMessages(nil, []content.Message{content.Assistant(b)}, rev)
			check(fmt.Sprintf("block %d, %T", i, b), all, message[1:len(message)-1])
		}
		check("no block", content.AppendAll(nil, nil, rev), []byte(`{"role":"user","content":`+string(content.Append(nil, nil, rev))+`}`))
	}
}

// TestOfficialSchemasRefuse: the test above can fail.
func TestOfficialSchemasRefuse(t *testing.T) {
	for _, rev := range revisions {
		value := map[string]any{"content": []any{map[string]any{"type": "video"}}, "message": map[string]any{}}
		if official(t, rev).Validate(value) == nil {
			t.Errorf("%v: a video passed", rev)
		}
	}
}

// TestOnlyKnownFields: objects in the schemas are open, so a field too many is valid; it is still not written.
func TestOnlyKnownFields(t *testing.T) {
	for _, rev := range revisions {
		text := content.AppendAll(nil, everything(), rev)
		for name, known := range map[string]bool{
			`"_meta":`: rev.HasItemMeta(), `"lastModified":`: rev.HasLastModified(), `"icons":`: rev.HasIcons(),
			`"title":`: rev.HasTitles(), `"type":"audio"`: rev.HasAudio(), `"type":"resource_link"`: rev.HasResourceLinks(),
		} {
			if got := bytes.Contains(text, []byte(name)); got != known {
				t.Errorf("%v: %s is written: %v, want %v", rev, name, got, known)
			}
		}
		if !json.Valid(text) {
			t.Errorf("%v: %s", rev, text)
		}
	}
}
