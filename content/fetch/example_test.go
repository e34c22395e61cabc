package fetch_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/fastmcp-go/fastmcp/content/fetch"
)

func ExampleImage() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "\x89PNG\r\n\x1a\n")
	}))
	defer server.Close()
	_, err := fetch.Image(context.Background(), server.URL) // a server on this machine
	fmt.Println(errors.Is(err, fetch.ErrPrivate))
	block, err := fetch.Image(context.Background(), server.URL, fetch.Config{AllowPrivate: true})
	fmt.Println(block.MimeType, err)
	// Output:
	// true
	// image/png <nil>
}

func ExampleAudio() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "RIFF\x24\x00\x00\x00WAVEfmt ")
	}))
	defer server.Close()
	block, err := fetch.Audio(context.Background(), server.URL, fetch.Config{AllowPrivate: true, MaxBytes: 1 << 20})
	fmt.Println(block.MimeType, err)
	// Output: audio/wav <nil>
}
