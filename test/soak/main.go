// Soak loads a server with all that clients do, and some that they should not, for as long as it is asked to, and compares
// what the server holds in the second half with the first, and at rest after the load with at rest before. scripts/soak.sh
// builds the server and runs it.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

type options struct {
	server string
	long   time.Duration
	users  int
	pace   time.Duration
	rest   time.Duration
	seed   uint64
}

func main() {
	var o options
	flag.StringVar(&o.server, "server", "", "the program of the server")
	flag.DurationVar(&o.long, "for", 2*time.Minute, "how long in all; at least three times -rest")
	flag.IntVar(&o.users, "users", 12, "how many do something at once")
	flag.DurationVar(&o.pace, "pace", 50*time.Millisecond, "how long a user waits from the begin of one deed to that of the next, at least")
	// fasthttp's workers wait for 10 s, and are looked after every 10 s.
	flag.DurationVar(&o.rest, "rest", 24*time.Second, "how long the server rests before it is looked at: longer than sessions and idle workers live")
	flag.Uint64Var(&o.seed, "seed", rand.Uint64(), "of what is done in which order")
	flag.Parse()
	if err := o.run(); err != nil {
		fmt.Println("FAIL ", err)
		os.Exit(1)
	}
}

// run runs the soak: a load to warm up, rest, the load, rest.
func (o *options) run() error {
	if o.server == "" || o.long < 3*o.rest {
		return errors.New("usage: soak -server PROGRAM [-for 2m] [-rest 24s]; it takes three rests at least")
	}
	s, err := start(o.server)
	if err != nil {
		return err
	}
	err = o.soak(s)
	return errors.Join(err, s.stop())
}

func (o *options) soak(s *server) error {
	load := o.long - 2*o.rest
	warm := load / 5
	fmt.Printf("soak: %s in all, %d users, seed %d\n", o.long, o.users, o.seed)
	tally := newTally()
	if _, err := o.load(s, warm, tally); err != nil {
		return err
	}
	before, err := o.atRest(s)
	if err != nil {
		return err
	}
	tally.reset()
	series, err := o.load(s, load-warm, tally)
	if err != nil {
		return err
	}
	after, err := o.atRest(s)
	if err != nil {
		return err
	}
	first, second, err := halves(series)
	if err != nil {
		return err
	}
	rows := append(compare("halves", underLoad, first, second), compare("at rest", atRest, before, after)...)
	fmt.Print("\n", tally.text(), "\n", table(rows), "\n")
	for _, r := range rows {
		if !r.ok {
			err = errors.Join(err, fmt.Errorf("%s: from %s to %s, at most %s", r.what, r.before, r.after, r.atMost))
		}
	}
	return errors.Join(err, tally.verdict())
}

// load has the users do what they do for a while, and looks at the server all along.
func (o *options) load(s *server, long time.Duration, t *tally) (series []sample, err error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	stop := make(chan struct{})
	var users sync.WaitGroup
	for i := range o.users {
		users.Go(func() {
			u := &user{addr: s.addr, rand: rand.New(rand.NewPCG(o.seed, uint64(i))), ctx: ctx, http: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 8, IdleConnTimeout: time.Second}}}
			defer u.http.CloseIdleConnections()
			o.live(u, stop, t)
		})
	}
	begun := time.Now()
	for every := max(long/40, time.Second); err == nil && time.Since(begun) < long; {
		time.Sleep(min(every, long-time.Since(begun)))
		var h held
		if h, err = s.held(); err == nil {
			series = append(series, sample{time.Since(begun), h})
		}
	}
	close(stop)
	users.Wait() // each ends what it does
	return series, err
}

// live does one thing after the other.
func (o *options) live(u *user, stop <-chan struct{}, t *tally) {
	weights := 0
	for _, d := range deeds {
		weights += d.weight
	}
	for {
		pace := time.After(o.pace)
		at := u.rand.IntN(weights)
		for _, d := range deeds {
			if at -= d.weight; at < 0 {
				t.count(d.name, d.do(u))
				break
			}
		}
		select {
		case <-stop:
			return
		case <-pace:
		}
	}
}

// atRest is what the server holds when nobody has asked anything for a while.
func (o *options) atRest(s *server) (held, error) {
	time.Sleep(o.rest)
	return s.held()
}

// tally counts what was done.
type tally struct {
	mu     sync.Mutex
	done   map[string]int
	failed map[string]int
	errs   []error
}

func newTally() *tally { return &tally{done: map[string]int{}, failed: map[string]int{}} }

// reset forgets what was done, not what failed.
func (t *tally) reset() {
	t.mu.Lock()
	defer t.mu.Unlock()
	clear(t.done)
}

func (t *tally) count(name string, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.done[name]++
	if err != nil {
		if t.failed[name]++; t.failed[name] <= 3 {
			t.errs = append(t.errs, fmt.Errorf("%s: %w", name, err))
		}
	}
}

func (t *tally) text() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var b strings.Builder
	all := 0
	for _, d := range deeds {
		fmt.Fprintf(&b, "%8d  %s\n", t.done[d.name], d.name)
		all += t.done[d.name]
	}
	fmt.Fprintf(&b, "%8d  in all\n", all)
	return b.String()
}

// verdict tells what went wrong, and what was never done.
func (t *tally) verdict() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	err := errors.Join(t.errs...)
	for _, d := range deeds {
		if t.done[d.name] == 0 {
			err = errors.Join(err, fmt.Errorf("%s: it was never done: soak for longer", d.name))
		}
	}
	return err
}

// server is the one that is loaded.
type server struct {
	addr string
	cmd  *exec.Cmd
	errs strings.Builder
}

func start(program string) (*server, error) {
	s := &server{cmd: exec.Command(program)}
	s.cmd.Stderr = &s.errs
	s.cmd.WaitDelay = time.Second
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	if s.addr, err = bufio.NewReader(out).ReadString('\n'); err != nil {
		return nil, fmt.Errorf("the server has not begun: %w", errors.Join(err, s.cmd.Process.Kill(), s.cmd.Wait()))
	}
	s.addr = strings.TrimSpace(s.addr)
	return s, nil
}

// held asks the server, on a connection that ends with the answer.
func (s *server) held() (h held, err error) {
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "http://"+s.addr+"/held", nil)
	if err != nil {
		return h, err
	}
	req.Close = true
	res, err := (&http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	if err != nil {
		return h, err
	}
	defer func() { _ = res.Body.Close() }()
	return h, json.NewDecoder(res.Body).Decode(&h)
}

// stop ends the server, which has to end by itself, and without a word that it should not have said.
func (s *server) stop() error {
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	late := time.AfterFunc(patience, func() { _ = s.cmd.Process.Kill() })
	err := s.cmd.Wait()
	late.Stop()
	for line := range strings.Lines(s.errs.String()) {
		if !strings.Contains(line, "on purpose") {
			return fmt.Errorf("the server said %q: %w", line, errors.Join(err))
		}
	}
	return err
}
