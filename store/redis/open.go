package redis

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/fastmcp-go/fastmcp/store"
)

// What the oldest server must have: GETDEL, ZMSCORE.
const oldestMajor, oldestMinor = 6, 2

// Open connects, and finds out whether this server will do: that it answers, is new enough, takes writes, and lets this
// user run every command that is needed. Its errors tell where and why, and no password. Called again, it does so again.
func (s *Storage) Open(ctx context.Context) error {
	if err := s.check(ctx); err != nil {
		if s.server.broken != nil || ctx.Err() != nil || errors.Is(err, store.ErrClosed) {
			return err
		}
		return fmt.Errorf("store/redis: cannot use Redis at %s: %w", s.place, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.server.closed.Load() {
		return store.ErrClosed
	}
	s.opened++
	return nil
}

func (s *Storage) check(ctx context.Context) error {
	if err := s.backend.KV.Ping(ctx); err != nil {
		return explained(err)
	}
	if err := s.server.do(ctx, true, func(ctx context.Context, _ int) error {
		return s.suits(goredis.NewSliceCmd(ctx, "hello"), ctx)
	}); err != nil {
		return err
	}
	return explained(s.rehearse(ctx))
}

// suits looks at what the server tells of itself. One that does not tell is tried all the same.
func (s *Storage) suits(hello *goredis.SliceCmd, ctx context.Context) error {
	err := s.server.conn.Process(ctx, hello)
	if err != nil {
		if says(err, "ERR unknown command") {
			return fmt.Errorf("it is too old: %d.%d or newer is needed", oldestMajor, oldestMinor)
		}
		if answered(err) {
			return nil
		}
		return err
	}
	told := map[string]string{}
	for fields := hello.Val(); len(fields) >= 2; fields = fields[2:] {
		told[fmt.Sprint(fields[0])] = fmt.Sprint(fields[1])
	}
	if version := told["version"]; older(version) {
		return fmt.Errorf("it is version %s: %d.%d or newer is needed", version, oldestMajor, oldestMinor)
	}
	_, isCluster := s.server.conn.(*goredis.ClusterClient)
	switch {
	case told["mode"] == "cluster" && !isCluster:
		return errors.New("it is a node of a cluster: use redis+cluster:// or Config.Cluster")
	case told["mode"] == "sentinel":
		return errors.New("it is a sentinel: use redis+sentinel://host/name")
	case told["role"] == "replica" || told["role"] == "slave":
		return errors.New("it is a replica, which takes no writes")
	}
	return nil
}

// older tells that a version is known to be too old.
func older(version string) bool {
	parts := strings.SplitN(version, ".", 3)
	if len(parts) < 2 {
		return false
	}
	major, err := strconv.Atoi(parts[0])
	minor, err2 := strconv.Atoi(parts[1])
	return err == nil && err2 == nil && (major < oldestMajor || major == oldestMajor && minor < oldestMinor)
}

// rehearse does each thing once, on names that nobody uses.
func (s *Storage) rehearse(ctx context.Context) error {
	const name, brief = "@open", time.Second
	b := s.backend
	if err := b.KV.Set(ctx, name, []byte("0"), brief); err != nil {
		return err
	}
	if _, err := b.Atomic.CAS(ctx, name, []byte("0"), []byte("1"), brief); err != nil {
		return err
	}
	if _, err := b.Atomic.Add(ctx, name, 1, brief); err != nil {
		return err
	}
	if err := b.KV.TouchAll(ctx, brief, name); err != nil {
		return err
	}
	if _, err := b.Atomic.Take(ctx, name); err != nil {
		return err
	}
	if _, err := b.Log.Append(ctx, name, name, nil); err != nil {
		return err
	}
	if _, err := b.Log.After(ctx, name, "", 1); err != nil && !errors.Is(err, store.ErrGap) { // others open as well
		return err
	}
	if err := b.Log.Drop(ctx, name); err != nil {
		return err
	}
	if err := b.Index.Put(ctx, name, name, brief); err != nil {
		return err
	}
	if _, _, err := b.Index.Members(ctx, name, "", 1); err != nil {
		return err
	}
	return s.listens(ctx, name)
}

// listens tries what a subscriber needs.
func (s *Storage) listens(ctx context.Context, name string) error {
	if _, err := s.backend.Bus.Publish(ctx, name, nil); err != nil {
		return err
	}
	return s.server.do(ctx, true, func(ctx context.Context, _ int) error {
		conn := s.server.conn.Subscribe(ctx)
		defer conn.Close()
		if err := conn.Subscribe(ctx, s.server.channel(name)); err != nil {
			return err
		}
		_, err := conn.ReceiveTimeout(ctx, s.server.config.ReadTimeout)
		return err
	})
}

// explained adds what to do about an answer that is short of that.
func explained(err error) error {
	if err == nil {
		return nil
	}
	switch text := err.Error(); {
	case strings.Contains(text, "WRONGPASS"):
		return fmt.Errorf("%w (check user and password)", err)
	case strings.Contains(text, "NOAUTH"):
		return fmt.Errorf("%w (the URL, or Config.Password, must have one)", err)
	case strings.Contains(text, "NOPERM"), strings.Contains(text, "The user executing the script can't"):
		return fmt.Errorf("%w (see the package's comment for what its user must be allowed)", err)
	}
	return err
}
