package redis_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/store"
	"github.com/fastmcp-go/fastmcp/store/redis"
)

// All that an App needs to share what it remembers with other nodes.
func ExampleNew() {
	app := fastmcp.New(fastmcp.Config{
		Name:    "calculator",
		Storage: redis.New(redis.Config{URL: "redis://mcp:password@redis.internal:6379"}),
	})
	log.Fatal(app.Listen(":8080"))
}

func ExampleNew_sentinel() {
	storage := redis.New(redis.Config{
		URL: "rediss+sentinel://sentinel1,sentinel2,sentinel3/mymaster",
		TLS: &tls.Config{ServerName: "redis.internal"},
	})
	_ = fastmcp.New(fastmcp.Config{Name: "calculator", Storage: storage})
}

// What Redis can do beyond a Storage is in the parts of the Backend. Without an App, open them yourself.
func ExampleStorage_Backend() {
	backend, err := store.From(redis.New(redis.Config{URL: "redis://redis.internal", Prefix: "shop:"}))
	if err != nil {
		log.Fatal(err)
	}
	if err := backend.Open(context.Background()); err != nil {
		log.Fatal(err)
	}
	defer backend.Close()
	fresh, err := backend.Atomic.SetNX(context.Background(), "invoice:17", []byte("sent"), 24*time.Hour)
	fmt.Println(fresh, err)
}

// A client that is there already says where.
func ExampleWrap() {
	client := goredis.NewClusterClient(&goredis.ClusterOptions{Addrs: []string{"redis1:6379", "redis2:6379"}})
	_ = fastmcp.New(fastmcp.Config{Name: "calculator", Storage: redis.Wrap(client)})
}

// Open tells what is wrong before anything is served.
func ExampleStorage_Open() {
	err := redis.New(redis.Config{URL: "redis://:password@127.0.0.1:1"}).Open(context.Background())
	fmt.Println(errors.Is(err, store.ErrUnavailable))
	fmt.Println(err)
	// Output:
	// true
	// store/redis: cannot use Redis at 127.0.0.1:1: store: the storage is not available: dial tcp 127.0.0.1:1: connect: connection refused
}
