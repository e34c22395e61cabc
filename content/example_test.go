package content_test

import (
	"fmt"
	"os"

	"github.com/fastmcp-go/fastmcp/content"
	"github.com/fastmcp-go/fastmcp/protocol"
)

func ExampleText() {
	fmt.Printf("%s\n", content.Append(nil, content.Text("hello"), protocol.Latest))
	// Output: {"type":"text","text":"hello"}
}

func ExampleImage() {
	block := content.Image([]byte("\x89PNG\r\n\x1a\n"))
	fmt.Println(block.MimeType)
	// Output: image/png
}

func ExampleImageFile() {
	_, err := content.ImageFile(os.DevNull)
	fmt.Println(err != nil)
	// Output: true
}

func ExampleAudio() {
	block := content.Audio([]byte("RIFF\x24\x00\x00\x00WAVEfmt "))
	fmt.Printf("%s\n", content.Append(nil, block, protocol.V20241105))
	// Output: {"type":"text","text":"[Audio left out: audio/wav, 16 bytes. Protocol revision 2024-11-05 cannot carry audio.]"}
}

func ExampleResource() {
	block := content.Resource("file:///readme", "text/markdown", "# Read me")
	fmt.Printf("%s\n", content.Append(nil, block, protocol.Latest))
	// Output: {"type":"resource","resource":{"uri":"file:///readme","mimeType":"text/markdown","text":"# Read me"}}
}

func ExampleLink() {
	block := content.Link("file:///report", "report")
	block.Description = "All the figures"
	fmt.Printf("%s\n", content.Append(nil, block, protocol.Latest))
	fmt.Printf("%s\n", content.Append(nil, block, protocol.V20241105))
	// Output:
	// {"type":"resource_link","uri":"file:///report","name":"report","description":"All the figures"}
	// {"type":"text","text":"report: file:///report\nAll the figures"}
}

func ExampleFromBytes() {
	fmt.Printf("%T %T\n", content.FromBytes([]byte("words")), content.FromBytes([]byte{0, 1, 2}))
	// Output: content.TextBlock content.ResourceBlock
}

func ExampleAnnotations() {
	priority := 0.9
	block := content.TextBlock{Text: "for you", Annotations: &content.Annotations{Audience: []string{content.RoleUser}, Priority: &priority}}
	fmt.Printf("%s\n", content.Append(nil, block, protocol.Latest))
	// Output: {"type":"text","text":"for you","annotations":{"audience":["user"],"priority":0.9}}
}

func ExampleAppendMessages() {
	messages := []content.Message{content.User(content.Text("Review this")), content.Assistant(content.Text("Gladly"))}
	fmt.Printf("%s\n", content.AppendMessages(nil, messages, protocol.Latest))
	// Output: [{"role":"user","content":{"type":"text","text":"Review this"}},{"role":"assistant","content":{"type":"text","text":"Gladly"}}]
}
