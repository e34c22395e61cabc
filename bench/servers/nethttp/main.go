// Nethttp serves the hand-written core with net/http.
package main

import (
	"io"
	"net/http"
	"strings"

	"github.com/fastmcp-go/fastmcp/bench/internal/contract"
	"github.com/fastmcp-go/fastmcp/bench/internal/handwritten"
)

func main() {
	env := contract.Load()
	s := server{handwritten.New(handwritten.Standard, env.Tools)}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /mcp", s.post)
	mux.HandleFunc("GET /mcp", s.stream)
	mux.HandleFunc("DELETE /mcp", s.end)
	if env.Cert != "" {
		contract.Exit(http.ListenAndServeTLS(env.Addr, env.Cert, env.Key, mux))
	}
	contract.Exit(http.ListenAndServe(env.Addr, mux))
}

type server struct{ core *handwritten.Core }

func (s server) post(w http.ResponseWriter, r *http.Request) {
	if o := r.Header.Get("Origin"); o != "" && !strings.HasPrefix(o, "http://127.0.0.1") {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 8<<20))
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	reply := s.core.Post(handwritten.Headers{
		Accept: r.Header.Get("Accept"), Session: r.Header.Get("Mcp-Session-Id"), Version: r.Header.Get("Mcp-Protocol-Version"),
		Method: r.Header.Get("Mcp-Method"), Name: r.Header.Get("Mcp-Name"),
	}, body)
	h := w.Header()
	if reply.Stream != nil {
		h.Set("Content-Type", "text/event-stream")
		h.Set("Cache-Control", "no-cache")
		reply.Stream(func(b []byte) error { return event(w, b) })
		return
	}
	if reply.Session != "" {
		h.Set("Mcp-Session-Id", reply.Session)
	}
	if len(reply.Body) > 0 {
		h.Set("Content-Type", "application/json")
	}
	w.WriteHeader(reply.Status)
	_, _ = w.Write(reply.Body)
}

func (s server) stream(w http.ResponseWriter, r *http.Request) {
	session := s.core.Session(r.Header.Get("Mcp-Session-Id"))
	if session == nil {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-cache")
	w.WriteHeader(http.StatusOK)
	w.(http.Flusher).Flush()
	for {
		select {
		case <-r.Context().Done():
			return
		case b, ok := <-session.Out:
			if !ok || event(w, b) != nil {
				return
			}
		}
	}
}

func (s server) end(w http.ResponseWriter, r *http.Request) {
	if !s.core.Delete(r.Header.Get("Mcp-Session-Id")) {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func event(w http.ResponseWriter, b []byte) error {
	buf := make([]byte, 0, len(b)+24)
	buf = append(buf, "event: message\ndata: "...)
	buf = append(buf, b...)
	buf = append(buf, "\n\n"...)
	if _, err := w.Write(buf); err != nil {
		return err
	}
	w.(http.Flusher).Flush()
	return nil
}
