package content_test

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"github.com/fastmcp-go/fastmcp/content"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// written checks what a block is for a revision.
func written(t *testing.T, b content.Block, rev protocol.Revision, want string) {
	t.Helper()
	if got := string(content.Append(nil, b, rev)); got != want {
		t.Errorf("%v:\n got %s\nwant %s", rev, got, want)
	}
}

func TestText(t *testing.T) {
	written(t, content.Text("say \"hi\"\n"), protocol.Latest, `{"type":"text","text":"say \"hi\"\n"}`)
	full := content.TextBlock{"x",
		&content.Annotations{Audience: []string{"user"}, Priority: p(1.0), LastModified: "2025-01-12T15:00:58Z"},
		map[string]any{"b": 2, "a": 1}}
	written(t, full, protocol.V20250618, `{"type":"text","text":"x","annotations":{"audience":["user"],"priority":1,`+
		`"lastModified":"2025-01-12T15:00:58Z"},"_meta":{"a":1,"b":2}}`)
	written(t, full, protocol.V20250326, `{"type":"text","text":"x","annotations":{"audience":["user"],"priority":1}}`)
}

func TestAnnotations(t *testing.T) {
	for _, c := range []struct {
		a    content.Annotations
		want string
	}{
		{content.Annotations{}, ``},
		{content.Annotations{LastModified: "2025"}, ``}, // the revision has none
		{content.Annotations{Priority: p(0.0)}, `,"annotations":{"priority":0}`},
		{content.Annotations{Priority: p(1e-7)}, `,"annotations":{"priority":1e-07}`},
		{content.Annotations{Priority: p(1.01)}, ``},
		{content.Annotations{Priority: p(-0.1)}, ``},
		{content.Annotations{Priority: p(math.NaN())}, ``},
		{content.Annotations{Priority: p(math.Inf(1))}, ``},
		{content.Annotations{Audience: []string{"x", "assistant", "", "user"}, Priority: p(.5)}, `,"annotations":{"audience":["assistant","user"],"priority":0.5}`},
		{content.Annotations{Audience: []string{"x"}, Priority: p(.5)}, `,"annotations":{"priority":0.5}`},
	} {
		written(t, content.TextBlock{Text: "x", Annotations: &c.a}, protocol.V20241105, `{"type":"text","text":"x"`+c.want+`}`)
	}
}

// TestMetaThatCannotBeWritten is left out as a whole, and the block is whole.
func TestMetaThatCannotBeWritten(t *testing.T) {
	for _, v := range []any{func() {}, make(chan int), math.NaN()} {
		written(t, content.TextBlock{Text: "x", Meta: map[string]any{"good": 1, "bad": v}}, protocol.Latest, `{"type":"text","text":"x"}`)
	}
}

func TestMedia(t *testing.T) {
	written(t, content.ImageBlock{Data: []byte("<>?"), MimeType: "image/png"}, protocol.V20241105,
		`{"type":"image","data":"PD4/","mimeType":"image/png"}`)
	written(t, content.ImageBlock{Data: png}, protocol.Latest, // sniffed when it is written
		`{"type":"image","data":"iVBORw0KGgoAAAANSUhEUgAAAAEAAAAB","mimeType":"image/png"}`)
	audio := content.AudioBlock{Data: []byte("abcd"), MimeType: "audio/wav", Annotations: &content.Annotations{Audience: []string{"user"}}}
	written(t, audio, protocol.V20250326, `{"type":"audio","data":"YWJjZA==","mimeType":"audio/wav","annotations":{"audience":["user"]}}`)
	written(t, audio, protocol.V20241105, `{"type":"text","text":"[Audio left out: audio/wav, 4 bytes. `+
		`Protocol revision 2024-11-05 cannot carry audio.]","annotations":{"audience":["user"]}}`)
}

func TestResource(t *testing.T) {
	written(t, content.Resource("file:///a", "text/markdown", "# A"), protocol.V20241105,
		`{"type":"resource","resource":{"uri":"file:///a","mimeType":"text/markdown","text":"# A"}}`)
	written(t, content.Resource("file:///a", "", ""), protocol.Latest, `{"type":"resource","resource":{"uri":"file:///a","text":""}}`)
	written(t, content.Blob("file:///a", "a/b", []byte("a")), protocol.Latest,
		`{"type":"resource","resource":{"uri":"file:///a","mimeType":"a/b","blob":"YQ=="}}`)
	written(t, content.Blob("file:///a", "a/b", nil), protocol.Latest,
		`{"type":"resource","resource":{"uri":"file:///a","mimeType":"a/b","blob":""}}`)
	b := content.Blob("file:///a", "", []byte{0})
	b.Meta = map[string]any{"k": true}
	written(t, b, protocol.Latest,
		`{"type":"resource","resource":{"uri":"file:///a","mimeType":"application/octet-stream","blob":"AA=="},"_meta":{"k":true}}`)
}

func TestLink(t *testing.T) {
	full := content.LinkBlock{URI: "file:///a", Name: "a", Title: "A", Description: "All of A", MimeType: "text/plain", Size: p(int64(0)),
		Icons: []protocol.Icon{{Src: "https://x/i.png", Sizes: []string{"48x48", "96x96"}, Theme: "dark"}, {Src: "https://x/j"}}}
	written(t, full, protocol.V20251125, `{"type":"resource_link","uri":"file:///a","name":"a","title":"A","description":"All of A",`+
		`"mimeType":"text/plain","size":0,"icons":[{"src":"https://x/i.png","sizes":["48x48","96x96"],"theme":"dark"},{"src":"https://x/j"}]}`)
	written(t, full, protocol.V20250618, `{"type":"resource_link","uri":"file:///a","name":"a","title":"A","description":"All of A",`+
		`"mimeType":"text/plain","size":0}`)
	written(t, full, protocol.V20250326, `{"type":"text","text":"A: file:///a\nAll of A"}`)
	written(t, content.Link("file:///a", "a"), protocol.V20241105, `{"type":"text","text":"a: file:///a"}`)
	written(t, content.Link("file:///a", ""), protocol.V20241105, `{"type":"text","text":"file:///a"}`)
}

func TestAppendAll(t *testing.T) {
	for want, blocks := range map[string][]content.Block{
		`[]`: nil,
		`[{"type":"text","text":"a"},{"type":"text","text":"b"}]`: {nil, content.Text("a"), nil, content.Text("b"), nil},
	} {
		if got := string(content.AppendAll([]byte("before "), blocks, protocol.Latest)); got != "before "+want {
			t.Error(got)
		}
	}
	written(t, nil, protocol.Latest, `{"type":"text","text":""}`)
}

func TestMessages(t *testing.T) {
	messages := []content.Message{content.User(content.Text("a")), content.Assistant(nil), {"system", content.Text("c")}}
	got := string(content.AppendMessages(nil, messages, protocol.Latest))
	want := `[{"role":"user","content":{"type":"text","text":"a"}},{"role":"assistant","content":{"type":"text","text":""}},` +
		`{"role":"user","content":{"type":"text","text":"c"}}]`
	if got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
	if got := string(content.AppendMessages(nil, nil, protocol.Latest)); got != "[]" {
		t.Error(got)
	}
}

// TestAllocations: writing into room that is there allocates nothing.
func TestAllocations(t *testing.T) {
	dst := make([]byte, 0, 1<<16)
	notes := &content.Annotations{Audience: []string{"user"}, Priority: p(0.5), LastModified: "2025-01-12T15:00:58Z"}
	for name, b := range map[string]content.Block{
		"text":      content.Text(strings.Repeat("some \"text\"\n", 100)),
		"annotated": content.TextBlock{Text: "x", Annotations: notes},
		"image":     content.Image(bytes.Repeat(png, 100)),
		"audio":     content.Audio(wav),
		"resource":  content.Resource("file:///a", "text/plain", "text"),
		"link":      content.LinkBlock{URI: "file:///a", Name: "a", Size: p(int64(1 << 40)), Icons: []protocol.Icon{{Src: "data:,"}}},
	} {
		if n := testing.AllocsPerRun(100, func() { content.Append(dst, b, protocol.Latest) }); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
	blocks := []content.Block{content.Text("a"), content.Text("b")}
	if n := testing.AllocsPerRun(100, func() { content.AppendAll(dst, blocks, protocol.Latest) }); n != 0 {
		t.Errorf("AppendAll: %v allocations", n)
	}
}

func BenchmarkAppendText(b *testing.B) {
	dst, block := make([]byte, 0, 1<<16), content.Block(content.Text(strings.Repeat("text ", 50)))
	b.ReportAllocs()
	for b.Loop() {
		content.Append(dst, block, protocol.Latest)
	}
}

func BenchmarkAppendImage(b *testing.B) {
	dst, block := make([]byte, 0, 2<<20), content.Block(content.Image(append(png, make([]byte, 1<<20)...)))
	b.SetBytes(1 << 20)
	b.ReportAllocs()
	for b.Loop() {
		content.Append(dst, block, protocol.Latest)
	}
}

func BenchmarkSniff(b *testing.B) {
	for name, data := range map[string][]byte{"png": append(png, make([]byte, 1<<16)...), "text": []byte(strings.Repeat("some text\n", 6554))} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				content.Sniff(data)
			}
		})
	}
}
