// Resources is a house whose rooms can be read: a resource, a family of them under a URI template, completion of the
// template's variables, and news for the clients that have subscribed to a room.
package main

import (
	"flag"
	"fmt"
	"log"
	"net"
	"slices"
	"strings"
	"sync"

	"github.com/fastmcp-go/fastmcp"
)

// rooms are the rooms of each floor.
var rooms = map[string][]string{"ground": {"hall", "kitchen", "pantry"}, "upper": {"bath", "bedroom"}}

type house struct {
	degrees sync.Map // by room
}

// room has the variables of the template. They are checked as a tool's arguments are: who asks for a floor that there is
// not, or for "../etc", gets no further than this.
type room struct {
	Floor string `json:"floor" validate:"required,oneof=ground upper"`
	Room  string `json:"room" validate:"required,alpha"`
}

type climate struct {
	Degrees float64 `json:"degrees"`
}

func (h *house) read(_ *fastmcp.Context, in room) (climate, error) {
	if !slices.Contains(rooms[in.Floor], in.Room) {
		return climate{}, fastmcp.ErrNotFound
	}
	degrees, _ := h.degrees.LoadOrStore(in.Room, 20.0)
	return climate{Degrees: degrees.(float64)}, nil
}

// completeRoom offers rooms of the floor that is chosen already. The floors need no function: oneof has them.
func completeRoom(_ *fastmcp.Context, q fastmcp.Completion) (v fastmcp.Values, err error) {
	for _, name := range rooms[q.Args["floor"]] {
		if strings.HasPrefix(name, q.Prefix) {
			v.Values = append(v.Values, name)
		}
	}
	return v, nil
}

type heating struct {
	room
	Degrees float64 `json:"degrees" validate:"gte=5,lte=30"`
}

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "where to listen, host:port; port 0 is a free one")
	flag.Parse()

	app, h := fastmcp.New(fastmcp.Config{Name: "house", Version: "1.0.0"}), &house{}
	app.AddResource(fastmcp.Resource{
		URI: "house://plan", Name: "plan", Description: "Which rooms there are", // it returns a map, so it is JSON
		Handler: fastmcp.Get(func(*fastmcp.Context) (map[string][]string, error) { return rooms, nil }),
	})
	app.AddResourceTemplate(fastmcp.ResourceTemplate{
		URI: "house://{floor}/{room}", Name: "room", Description: "How warm a room is",
		Handler: fastmcp.Typed(h.read), Complete: map[string]fastmcp.Completer{"room": completeRoom},
	})
	app.AddTool(fastmcp.Tool{
		Name: "heat", Description: "Set how warm a room is",
		Handler: fastmcp.Do(func(_ *fastmcp.Context, in heating) error {
			h.degrees.Store(in.Room, in.Degrees)
			app.ResourceUpdated("house://" + in.Floor + "/" + in.Room) // tells those who have subscribed to it, and nobody else
			return nil
		}),
	})

	ln, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening on http://%s/mcp\n", ln.Addr())
	if err := app.Listener(ln); err != nil {
		log.Fatal(err)
	}
}
