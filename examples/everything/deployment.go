package main

import (
	"encoding/base64"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/routes"
	"github.com/fastmcp-go/fastmcp/store/redis"
	"github.com/gofiber/fiber/v2"
)

// deployment is what is told to a program that is one of several nodes.
type deployment struct {
	redis, trust *string
	drain        *time.Duration
}

func deploymentFlags() *deployment {
	return &deployment{
		redis: flag.String("redis", "", "the Redis that the nodes share, redis://host:port/0; default: the variable REDIS_URL"),
		trust: flag.String("trust", "", "the proxies in front, addresses or ranges, comma-separated"),
		drain: flag.Duration("drain", 0, "HTTPConfig.DrainDelay; 0 is its default"),
	}
}

// config is what comes of it. Keys are in the variable FASTMCP_KEYS: base64, newest first, comma-separated.
func (d *deployment) config() (config fastmcp.Config, err error) {
	config.HTTP.DrainDelay = *d.drain
	url := *d.redis
	if url == "" {
		url = os.Getenv("REDIS_URL")
	}
	if url != "" {
		config.Storage = redis.New(redis.Config{URL: url})
	}
	if *d.trust != "" {
		config.HTTP.TrustedProxies = strings.Split(*d.trust, ",")
	}
	for i, text := range strings.FieldsFunc(os.Getenv("FASTMCP_KEYS"), func(r rune) bool { return r == ',' }) {
		key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
		if err != nil {
			return config, fmt.Errorf("FASTMCP_KEYS: key %d is not base64", i+1) // which it is, is nobody's business
		}
		config.Keys = append(config.Keys, key)
	}
	return config, nil
}

// addProbes adds what a balancer and a supervisor ask.
func addProbes(app *fastmcp.App) {
	public := fastmcp.RouteConfig{Public: true}
	app.AddRoute(fiber.MethodGet, "/health", routes.Health(app), public)
	app.AddRoute(fiber.MethodGet, "/ready", routes.Ready(app), public)
}
