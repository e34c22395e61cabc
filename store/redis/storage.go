package redis

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	fiberredis "github.com/gofiber/storage/redis/v3"
	goredis "github.com/redis/go-redis/v9"

	"github.com/fastmcp-go/fastmcp/store"
)

// Storage is a store in Redis. It fits wherever Fiber takes a storage, and has all parts of a [store.Backend].
type Storage struct {
	server  *server
	place   string // where it is, for messages
	fiber   *fiberredis.Storage
	backend store.Backend
	bus     *bus

	mu     sync.Mutex
	opened int
}

var (
	_ store.Source = (*Storage)(nil)
	_ store.Opener = (*Storage)(nil)
)

// New makes a store of what config says. It neither connects nor fails: what is wrong with config, or with the server, Open
// tells, and every call until then.
func New(config ...Config) *Storage {
	c := first(config)
	a, err := resolve(&c)
	c = c.withDefaults()
	if err != nil {
		return newStorage(&server{config: c, broken: err}, "")
	}
	return newStorage(&server{config: c, conn: a.connect(c)}, a.String())
}

// Wrap makes a store that lies where conn's data does: a *goredis.Client, also one of Sentinel's, or a
// *goredis.ClusterClient. For a storage of gofiber/storage, conn is what its Conn returns.
//
// It has connections of its own, made with conn's options, but for those that would let a call last longer than the bounds
// of config, or be repeated when it must not be. conn is neither used nor closed. Of config, all that tells where Redis is
// stays unused.
func Wrap(conn goredis.UniversalClient, config ...Config) *Storage {
	c := first(config).withDefaults()
	own, place, err := likewise(conn, c)
	return newStorage(&server{config: c, conn: own, broken: err}, place)
}

func first(config []Config) Config {
	if len(config) > 0 {
		return config[0]
	}
	return Config{}
}

func newStorage(s *server, place string) *Storage {
	b, v := newBus(s), kv{s}
	return &Storage{
		server: s, place: place, bus: b,
		fiber:   fiberredis.NewFromConnection(s.conn),
		backend: store.Backend{KV: v, Atomic: v, Log: newEventLog(s), Bus: b, Index: index{s}, Shared: true},
	}
}

// Backend gives all parts, the same for all who ask: they share one connection for messages.
func (s *Storage) Backend() *store.Backend {
	b := s.backend
	return &b
}

// Conn is the client that is used, to look at what there is. Its keys are those that the package's comment tells of.
func (s *Storage) Conn() goredis.UniversalClient { return s.server.conn }

// Get returns the value of key, as the Backend's KV does; nil, nil when there is none.
func (s *Storage) Get(key string) (val []byte, err error) {
	if key == "" {
		return nil, nil // Fiber's contract
	}
	err = s.server.do(context.Background(), true, func(ctx context.Context, _ int) error {
		val, err = s.fiber.GetWithContext(ctx, s.server.key(values, key))
		return err
	})
	return val, err
}

// Set stores val under key for exp; 0 is for ever. An empty key or value is ignored, as Fiber has it: the Backend's KV keeps
// empty values.
func (s *Storage) Set(key string, val []byte, exp time.Duration) error {
	if key == "" || len(val) == 0 {
		return nil // Fiber's contract
	}
	if err := checkKey(key, exp); err != nil {
		return err
	}
	exp = time.Duration(millis(exp)) * time.Millisecond
	return s.server.do(context.Background(), true, func(ctx context.Context, _ int) error {
		return s.fiber.SetWithContext(ctx, s.server.key(values, key), val, exp)
	})
}

// Delete removes key; it is no error when there is none.
func (s *Storage) Delete(key string) error {
	return s.server.do(context.Background(), true, func(ctx context.Context, _ int) error {
		return s.fiber.DeleteWithContext(ctx, s.server.key(values, key))
	})
}

// scanStep is how many keys Reset looks at and removes at once.
const scanStep = 500

// Reset removes everything under the prefix, and nothing else. What is written meanwhile may stay.
func (s *Storage) Reset() error {
	nodes, ok := s.server.conn.(*goredis.ClusterClient)
	if !ok {
		return s.sweep(s.server.conn)
	}
	var all []*goredis.Client
	var mu sync.Mutex
	err := s.server.do(context.Background(), true, func(ctx context.Context, _ int) error {
		mu.Lock()
		all = nil
		mu.Unlock()
		return nodes.ForEachMaster(ctx, func(_ context.Context, node *goredis.Client) error {
			mu.Lock()
			defer mu.Unlock()
			all = append(all, node)
			return nil
		})
	})
	for _, node := range all {
		err = errors.Join(err, s.sweep(node))
	}
	return err
}

// sweep removes what one server has.
func (s *Storage) sweep(node goredis.UniversalClient) error {
	pattern := globEscape.Replace(s.server.config.Prefix) + "*"
	for cursor := uint64(0); ; {
		err := s.server.do(context.Background(), true, func(ctx context.Context, _ int) error {
			keys, next, err := node.Scan(ctx, cursor, pattern, scanStep).Result()
			if err != nil {
				return err
			}
			if _, err = node.Pipelined(ctx, func(pipe goredis.Pipeliner) error {
				for _, key := range keys { // one by one: in a cluster they are of many slots
					pipe.Unlink(ctx, key)
				}
				return nil
			}); err == nil {
				cursor = next
			}
			return err
		})
		if err != nil || cursor == 0 {
			return err
		}
	}
}

var globEscape = strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`, `]`, `\]`)

// Close ends all connections and subscriptions; after it every call fails with store.ErrClosed. When several opened the
// storage, as Apps that share it do, the last one who closes it ends it.
func (s *Storage) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.opened > 1 {
		s.opened--
		return nil
	}
	s.opened = 0
	if s.server.closed.Swap(true) {
		return nil
	}
	s.bus.close()
	if s.server.conn == nil {
		return nil
	}
	return s.fiber.Close()
}
