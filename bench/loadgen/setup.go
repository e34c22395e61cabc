//go:build linux

package main

import (
	"errors"
	"fmt"
	"io"
	"sync"
)

// do sends a request and waits for the whole response. It blocks: it is for what comes before the measured part.
func (c *conn) do(req []byte) error {
	if err := c.begin(req, func() bool { return c.state == done }); err != nil {
		return err
	}
	if c.close || c.toEOF {
		kept := c.response
		c.body = nil
		err := c.connect()
		c.response = kept
		return err
	}
	return nil
}

// begin sends a request and reads until enough has come; it blocks.
func (c *conn) begin(req []byte, enough func() bool) error {
	c.reset()
	for len(req) > 0 {
		n, err := c.write(req)
		if err != nil && err != error(errAgain) {
			return err
		}
		req = req[n:]
	}
	buf := make([]byte, 16<<10)
	for !enough() {
		n, err := c.read(buf)
		if errors.Is(err, io.EOF) && c.toEOF {
			c.state = done
			return nil
		}
		if errors.Is(err, io.EOF) {
			return errClosed
		}
		if err != nil {
			return err
		}
		if err := c.feed(buf[:n]); err != nil {
			return err
		}
	}
	return nil
}

// open begins a session on the connection.
func (c *conn) open(textOnly bool) error {
	t := newTemplate(c.server, nil, initialize)
	if err := c.do(t.raw); err != nil {
		return fmt.Errorf("initialize: %w", err)
	}
	if c.status != 200 {
		return fmt.Errorf("initialize: status %d: %.200s", c.status, c.body)
	}
	if !textOnly {
		if err := verify(c.body, c.sse, 0, nil); err != nil {
			return fmt.Errorf("initialize: %w", err)
		}
	}
	if err := c.do(post(c.server, sessionHeaders(c.session), `{"jsonrpc":"2.0","method":"notifications/initialized"}`)); err != nil {
		return fmt.Errorf("notifications/initialized: %w", err)
	}
	if c.status != 202 && !textOnly {
		return fmt.Errorf("notifications/initialized: status %d: %.200s", c.status, c.body)
	}
	return nil
}

// listen opens the session's stream; what comes on it is given to onData.
func (c *conn) listen(onData func([]byte)) error {
	// The official SDK sends no log message before the client has asked for a level. Who refuses has none.
	t := newTemplate(c.server, sessionHeaders(c.session), `{"jsonrpc":"2.0","id":0,"method":"logging/setLevel","params":{"level":"info"}}`)
	if err := c.do(t.raw); err != nil {
		return fmt.Errorf("logging/setLevel: %w", err)
	}
	c.onData = onData
	err := c.begin(bare(c.server, "GET", c.session), func() bool { return c.state != inHead })
	if err == nil && (c.status != 200 || !c.sse) {
		err = fmt.Errorf("status %d", c.status)
	}
	if err != nil {
		return fmt.Errorf("GET: %w", err)
	}
	return nil
}

// end ends the session, so that the next measurement of the same server begins as this one did.
func (c *conn) end() {
	if c.session != "" && c.connect() == nil {
		_ = c.do(bare(c.server, "DELETE", c.session))
	}
	c.shut()
}

// idleSessions opens sessions, each with its stream, which nobody reads.
func idleSessions(c config, n int) ([]*conn, error) {
	all := make([]*conn, n)
	err := parallel(n, func(i int) (err error) {
		if all[i], err = c.server.dial(); err != nil {
			return err
		}
		if err = all[i].open(c.textOnly); err != nil {
			return err
		}
		return all[i].listen(func([]byte) {})
	})
	return all, err
}

// parallel does f for 0 to n-1, up to 128 at a time, because some servers take a second to open a session.
func parallel(n int, f func(int) error) error {
	errs := make([]error, n)
	slots := make(chan struct{}, 128)
	var wg sync.WaitGroup
	for i := range n {
		slots <- struct{}{}
		wg.Go(func() {
			errs[i] = f(i)
			<-slots
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}
