package content_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/fastmcp-go/fastmcp/content"
)

var (
	png = []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01")
	wav = []byte("RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00")
)

// ogg is the first page of a stream whose first packet begins with codec.
func ogg(codec string) string {
	return "OggS\x00\x02" + strings.Repeat("\x00", 20) + "\x01\x13" + codec + "\x01\x01\x38\x01\x80\xbb\x00\x00\x00\x00\x00"
}

// ftyp is the head of an ISO base media file of a brand.
func ftyp(brand string) string {
	return "\x00\x00\x00\x18ftyp" + brand + "\x00\x00\x00\x00" + brand + "mif1"
}

// webm is the head of a WebM file with a track of that codec.
func webm(codec string) string {
	return "\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x84webm\x42\x87\x81\x02\xae\xff" + codec
}

func TestSniff(t *testing.T) {
	for _, c := range []struct{ data, want, block string }{
		{string(png), "image/png", "Image"},
		{string(png) + "....acTL", "image/png", "Image"},
		{"\xff\xd8\xff\xe0\x00\x10JFIF\x00", "image/jpeg", "Image"},
		{"GIF89a\x01\x00\x01\x00\x80\x00\x00", "image/gif", "Image"},
		{"RIFF\x1a\x00\x00\x00WEBPVP8L\x00\x00", "image/webp", "Image"},
		{"BM\x3a\x00\x00\x00\x00\x00\x00\x00\x36\x00\x00\x00\x28\x00\x00\x00", "image/bmp", "Image"},
		{"II*\x00\x08\x00\x00\x00\x00\x00", "image/tiff", "Image"},
		{"MM\x00*\x00\x00\x00\x08\x00\x00", "image/tiff", "Image"},
		{ftyp("avif"), "image/avif", "Image"},
		{ftyp("heic"), "image/heic", "Image"},
		{string(wav), "audio/wav", "Audio"},
		{"\xff\xfb\x90\x64\x00\x00\x00\x00", "audio/mpeg", "Audio"},
		{"ID3\x04\x00\x00\x00\x10\x00\x00" + strings.Repeat("\x00picture", 1000), "audio/mpeg", "Audio"},
		{"\xff\xfd\x80\x04\x00\x00\x00\x00", "audio/mpeg", "Audio"}, // layer II
		{ogg("OpusHead"), "audio/ogg", "Audio"},
		{ogg("\x01vorbis"), "audio/ogg", "Audio"},
		{ogg("\x80theora"), "video/ogg", "Resource"},
		{"fLaC\x00\x00\x00\x22\x10\x00", "audio/flac", "Audio"},
		{ftyp("M4A "), "audio/mp4", "Audio"},
		{"\xff\xf1\x50\x80\x00\x1f\xfc", "audio/aac", "Audio"},
		{webm("A_OPUS"), "audio/webm", "Audio"},
		{webm("V_VP9"), "video/webm", "Resource"},
		{webm("V_VP9 A_OPUS"), "video/webm", "Resource"},
		{ftyp("isom"), "video/mp4", "Resource"},
		{"", "text/plain", "Text"},
		{"hello", "text/plain", "Text"},
		{"grüße \U0001F600\n", "text/plain", "Text"},
		{"\x1b[31mred\x1b[0m", "text/plain", "Text"},
		{"BMW builds cars", "text/plain", "Text"},       // begins as a bitmap does
		{"P1 is the first pump", "text/plain", "Text"},  // as a netpbm image
		{"ID3 is a tag", "text/plain", "Text"},          // as an MP3
		{"GIF89a is a format", "text/plain", "Text"},    // as a GIF
		{"a,b\n1,2\n3,4\n", "text/plain", "Text"},       // a guess at CSV would be one
		{"#!/bin/sh\necho hello", "text/plain", "Text"}, // and so with programs
		{`{"a":[1,2,{"b":null}]}`, "application/json", "Text"},
		{`<svg xmlns="http://www.w3.org/2000/svg"></svg>`, "image/svg+xml", "Text"},
		{"<!DOCTYPE html><html></html>", "text/html", "Text"},
		{`<?xml version="1.0"?><a/>`, "text/xml", "Text"},
		{"%PDF-1.4\n1 0 obj\n", "application/pdf", "Resource"},
		{"%PDF-1.4\n\xe2\xe3", "application/pdf", "Resource"},
		{"PK\x03\x04\x14\x00\x00\x00", "application/zip", "Resource"},
		{"hello\x00world", "application/octet-stream", "Resource"},
		{strings.Repeat("text ", 2000) + "\xff", "application/octet-stream", "Resource"}, // behind what the library reads
		{"latin-1: gr\xfc\xdfe", "application/octet-stream", "Resource"},
		{"\xff\xfeh\x00i\x00", "application/octet-stream", "Resource"}, // UTF-16
	} {
		if got := content.Sniff([]byte(c.data)); got != c.want {
			t.Errorf("%.30q: %s, want %s", c.data, got, c.want)
		}
		if got := fmt.Sprintf("%T", content.FromBytes([]byte(c.data))); got != "content."+c.block+"Block" {
			t.Errorf("%.30q: %s, want %sBlock", c.data, got, c.block)
		}
	}
}

// TestSniffNoise: hardly any noise is taken for something, though the library searches all of it for a frame of MP3.
func TestSniffNoise(t *testing.T) {
	random := rand.NewChaCha8([32]byte{1})
	data, found := make([]byte, 4096), map[string]int{}
	const n = 500
	for range n {
		random.Read(data)
		found[content.Sniff(data)]++
	}
	if found["application/octet-stream"] < n*99/100 {
		t.Errorf("%v", found)
	}
}

func TestFromBytes(t *testing.T) {
	b := content.FromBytes([]byte{0, 1, 2}).(content.ResourceBlock)
	again := content.FromBytes([]byte{0, 1, 2}).(content.ResourceBlock)
	other := content.FromBytes([]byte{0, 1, 3}).(content.ResourceBlock)
	if b.URI != again.URI || b.URI == other.URI || b.URI != "ni:///sha-256;rksygOVuL6-D9BSm49q-nV--GJdlRMBf7RIazLhbU_w" {
		t.Errorf("%s, %s, %s", b.URI, again.URI, other.URI)
	}
	if len(b.Blob) != 3 || b.MimeType != "application/octet-stream" {
		t.Errorf("%+v", b)
	}
}

func TestImageAndAudio(t *testing.T) {
	for data, want := range map[string]string{string(png): "image/png", "": "text/plain", `<svg xmlns="http://www.w3.org/2000/svg"/>`: "image/svg+xml"} {
		if got := content.Image([]byte(data)).MimeType; got != want {
			t.Errorf("image %q: %s, want %s", data, got, want)
		}
	}
	for data, want := range map[string]string{
		string(wav): "audio/wav", ftyp("isom"): "audio/mp4", webm("V_VP9"): "audio/webm", ogg("\x80theora"): "audio/ogg",
		ogg("unknown."): "audio/ogg",
	} {
		if got := content.Audio([]byte(data)).MimeType; got != want {
			t.Errorf("audio %q: %s, want %s", data, got, want)
		}
	}
}
