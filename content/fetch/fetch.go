package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"

	"github.com/fastmcp-go/fastmcp/content"
)

// Image fetches an image. Its type is what its bytes say, not what the server says, and must be image/*.
func Image(ctx context.Context, url string, config ...Config) (content.ImageBlock, error) {
	data, err := get(ctx, url, configOf(config), publicOnly)
	if err != nil {
		return content.ImageBlock{}, err
	}
	block := content.Image(data)
	return block, checkKind(url, "image", block.MimeType)
}

// Audio fetches sound. Its type is what its bytes say, not what the server says, and must be audio/*.
func Audio(ctx context.Context, url string, config ...Config) (content.AudioBlock, error) {
	data, err := get(ctx, url, configOf(config), publicOnly)
	if err != nil {
		return content.AudioBlock{}, err
	}
	block := content.Audio(data)
	return block, checkKind(url, "audio", block.MimeType)
}

func checkKind(address, kind, mime string) error {
	if strings.HasPrefix(mime, kind+"/") {
		return nil
	}
	return fmt.Errorf("fetch: %s holds %s, not %s", redact(address), mime, kind)
}

// control is net.Dialer.Control: the last word before a connection is made.
type control = func(network, address string, c syscall.RawConn) error

func get(ctx context.Context, address string, config Config, check control) ([]byte, error) {
	target, err := url.Parse(address)
	if err != nil {
		return nil, errors.New("fetch: that is not a URL") // the parser's error repeats it, with any password
	}
	if err := checkURL(target); err != nil {
		return nil, fmt.Errorf("fetch: %w", err)
	}
	timed, cancel := context.WithTimeout(ctx, config.Timeout)
	defer cancel()
	data, err := read(timed, target, config, check)
	if err == nil {
		return data, nil
	}
	var failed *url.Error
	if errors.As(err, &failed) {
		err = failed.Err // what it adds is the URL with its query, which may hold secrets
	}
	if timed.Err() == context.DeadlineExceeded && ctx.Err() == nil {
		err = fmt.Errorf("took longer than %v, see Config.Timeout: %w", config.Timeout, context.DeadlineExceeded)
	}
	return nil, fmt.Errorf("fetch: %s: %w", redact(address), err)
}

func read(ctx context.Context, target *url.URL, config Config, check control) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), nil)
	if err != nil {
		return nil, err
	}
	client, done := clientOf(config, check)
	defer done()
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the server answers with status %d", response.StatusCode)
	}
	if response.ContentLength > config.MaxBytes {
		return nil, tooLarge(config)
	}
	data, err := io.ReadAll(io.LimitReader(response.Body, config.MaxBytes+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > config.MaxBytes {
		return nil, tooLarge(config)
	}
	return data, nil
}

// clientOf makes a client for one fetch: connections that are kept would be dialled under another Config's check.
func clientOf(config Config, check control) (client *http.Client, done func()) {
	dialer := &net.Dialer{Timeout: config.Timeout, KeepAlive: -1}
	if !config.AllowPrivate {
		dialer.Control = check
	}
	transport := &http.Transport{
		Proxy:                  nil, // a proxy from the environment would resolve names itself, behind the check
		DialContext:            dialer.DialContext,
		TLSHandshakeTimeout:    10 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
		DisableKeepAlives:      true,
		DisableCompression:     true, // media is compressed already; a body that unpacks to more is an attack
	}
	return &http.Client{Transport: transport, CheckRedirect: redirects(config)}, transport.CloseIdleConnections
}

func redirects(config Config) func(*http.Request, []*http.Request) error {
	return func(next *http.Request, via []*http.Request) error {
		if len(via) > max(config.MaxRedirects, 0) {
			return fmt.Errorf("more than %d redirects: raise Config.MaxRedirects", max(config.MaxRedirects, 0))
		}
		next.Header.Del("Referer") // the address may hold secrets, and the next host is another's choice
		return checkURL(next.URL)
	}
}

func checkURL(target *url.URL) error {
	if target.Scheme != "http" && target.Scheme != "https" {
		return fmt.Errorf("scheme %q: only http and https are fetched", target.Scheme)
	}
	if target.Hostname() == "" {
		return errors.New("the URL names no host")
	}
	return nil
}

func tooLarge(config Config) error {
	return fmt.Errorf("more than %d bytes: raise Config.MaxBytes", config.MaxBytes)
}

// redact is an address for an error message: no password, query or fragment.
func redact(address string) string {
	target, err := url.Parse(address)
	if err != nil {
		return "that URL"
	}
	target.RawQuery, target.Fragment, target.ForceQuery = "", "", false
	return target.Redacted()
}
