package content_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/fastmcp-go/fastmcp/content"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// What is written is read again as it was.
func TestParseAllReadsWhatIsWritten(t *testing.T) {
	priority, size := 0.5, int64(7)
	note := &content.Annotations{Audience: []string{content.RoleUser}, Priority: &priority, LastModified: "2026-07-28T00:00:00Z"}
	meta := map[string]any{"k": "v"}
	want := []content.Block{
		content.Text("hello <b> \u2028"), content.Text(""),
		content.TextBlock{Text: "t", Annotations: note, Meta: meta},
		content.ImageBlock{Data: []byte{1, 2, 3}, MimeType: "image/png", Annotations: note, Meta: meta},
		content.AudioBlock{Data: []byte{4}, MimeType: "audio/wav", Annotations: note, Meta: meta},
		content.Resource("x://t", "text/plain", ""), content.Blob("x://b", "application/zip", []byte{}), content.Blob("x://b", "application/zip", []byte{5}),
		content.ResourceBlock{URI: "x://r", Text: "r", Annotations: note, Meta: meta},
		content.Link("x://l", "l"),
		content.LinkBlock{
			URI: "x://l", Name: "l", Title: "L", Description: "d", MimeType: "text/csv", Size: &size,
			Icons: []protocol.Icon{{Src: "https://x/i.png", MimeType: "image/png", Sizes: []string{"48x48"}, Theme: "dark"}}, Annotations: note, Meta: meta,
		},
	}
	written := content.AppendAll(nil, want, protocol.Latest)
	got, err := content.ParseAll(written)
	if err != nil {
		t.Fatalf("%s: %v", written, err)
	}
	for i := range want {
		if !reflect.DeepEqual(got[i], want[i]) {
			t.Errorf("%#v, want %#v", got[i], want[i])
		}
	}
	if none, err := content.ParseAll([]byte(`[]`)); err != nil || len(none) != 0 {
		t.Errorf("%v, %v", none, err)
	}
}

func TestParseAllRefuses(t *testing.T) {
	for data, why := range map[string]string{
		``:                                "not an array",
		`{}`:                              "not an array",
		`"text"`:                          "not an array",
		`[7]`:                             "not an array",
		`[{"type":"image","data":"%"}]`:   "not an array",
		`[{"type":"text","text":7}]`:      "not an array",
		`[{"type":"text","text":"a"},{}]`: `block 1: it is no text, image, audio, resource or resource_link, or lacks what that has: type ""`,
		`[{"type":"video","data":""}]`:    `type "video"`,
		`[{"type":"text"}]`:               `type "text"`,
		`[{"type":"image"}]`:              `type "image"`,
		`[{"type":"audio","data":null}]`:  `type "audio"`,
		`[{"type":"resource"}]`:           `type "resource"`,
		`[{"type":"resource","resource":{"uri":"x://r"}}]`: `type "resource"`,
		`[{"type":"resource_link","name":"n"}]`:            `type "resource_link"`,
	} {
		if got, err := content.ParseAll([]byte(data)); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: %v, %v, want %q", data, got, err, why)
		}
	}
}
