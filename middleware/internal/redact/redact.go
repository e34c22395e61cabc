// Package redact writes what a client has sent for logs and traces: without what stands under the names of secrets, and
// bounded in length.
package redact

import (
	"strings"
	"unicode/utf8"

	"github.com/fastmcp-go/fastmcp/internal/scan"
)

// Default are the words that tell secrets.
var Default = []string{
	"password", "passwd", "passphrase", "secret", "token", "authorization", "credential", "cookie",
	"api_key", "access_key", "private_key", "session_id",
}

// hidden stands in place of a secret, as JSON.
const hidden = `"[redacted]"`

// Redactor knows the names of secrets. Make it with New. It is safe from any goroutine.
type Redactor struct{ words []string }

// New makes a Redactor of words. A name has a word in it when it does without regard to case and to what is neither a
// letter nor a digit: "X-Api-Key" and "apiKeyId" have "api_key". It is better to hide too much. Words without a letter or a
// digit are in no name.
func New(words []string) *Redactor {
	r := &Redactor{}
	for _, w := range words {
		if w = plain(w); w != "" {
			r.words = append(r.words, w)
		}
	}
	return r
}

// plain is a name as it is compared.
func plain(s string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case c >= 'A' && c <= 'Z':
			return c + 'a' - 'A'
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c >= utf8.RuneSelf:
			return c
		}
		return -1
	}, s)
}

func (r *Redactor) isSecret(key []byte) bool {
	name := plain(string(scan.Text(nil, key)))
	for _, w := range r.words {
		if strings.Contains(name, w) {
			return true
		}
	}
	return false
}

// JSON is a JSON value for people to read: what secrets there were at any depth are "[redacted]", and it has most bytes, and
// then "…" where it goes on. It looks at no more of the value than it writes. What is no JSON is "".
func (r *Redactor) JSON(value []byte, most int) string {
	w := writer{Redactor: r, in: value, most: most}
	if _, err := w.value(scan.Space(value, 0)); err != nil && !w.full() {
		return ""
	}
	if !w.full() {
		return string(w.out)
	}
	cut := most
	for cut > 0 && !utf8.RuneStart(w.out[cut]) {
		cut--
	}
	return string(w.out[:cut]) + "…"
}

// writer copies a value.
type writer struct {
	*Redactor
	in   []byte
	out  []byte
	most int
}

func (w *writer) full() bool { return len(w.out) > w.most }

// put writes as much of p as can show.
func (w *writer) put(p []byte) {
	if room := w.most + 1 - len(w.out); room < len(p) {
		p = p[:max(room, 0)]
	}
	w.out = append(w.out, p...)
}

// value copies the value that begins at i, and tells where it ends. When there is no room for more it stops anywhere.
func (w *writer) value(i int) (end int, err error) {
	if i < len(w.in) && w.in[i] == '{' {
		return w.object(i)
	}
	if i < len(w.in) && w.in[i] == '[' {
		return w.array(i)
	}
	if end, err = scan.Value(w.in, i); err == nil {
		w.put(w.in[i:end])
	}
	return end, err
}

func (w *writer) object(i int) (int, error) {
	w.put(w.in[i : i+1])
	i = scan.Space(w.in, i+1)
	for more := i >= len(w.in) || w.in[i] != '}'; more; {
		if w.full() {
			return i, nil
		}
		key, v, err := scan.Key(w.in, i)
		if err != nil {
			return i, err
		}
		w.put(key)
		w.put([]byte{':'})
		if w.isSecret(key) {
			if i, err = scan.Value(w.in, v); err == nil {
				w.put([]byte(hidden))
			}
		} else {
			i, err = w.value(v)
		}
		if err != nil || w.full() {
			return i, err
		}
		if i, more, err = scan.Next(w.in, i); err != nil {
			return i, err
		}
		if !more {
			w.put([]byte{'}'})
			return i, nil
		}
		w.put([]byte{','})
	}
	w.put([]byte{'}'})
	return i + 1, nil
}

func (w *writer) array(i int) (int, error) {
	w.put(w.in[i : i+1])
	i = scan.Space(w.in, i+1)
	for i < len(w.in) && w.in[i] != ']' {
		end, err := w.value(i)
		if err != nil || w.full() {
			return end, err
		}
		if i = scan.Space(w.in, end); i < len(w.in) && w.in[i] == ',' {
			w.put([]byte{','})
			i = scan.Space(w.in, i+1)
		}
	}
	w.put([]byte{']'})
	return i + 1, nil
}
