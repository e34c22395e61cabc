// Package fastmcptest is for the tests of servers that are made with fastmcp. A Client is the official Go SDK's client,
// connected to an App through everything that a request of a real client passes: HTTP, Fiber and its middleware, the
// transport, authentication, the chain. It takes no port: the connections stay in memory. When the test ends, the
// client, the App and all that they have started are stopped.
//
//	func TestAdd(t *testing.T) {
//		c := fastmcptest.New(t, newApp())
//		r, err := c.Call(t.Context(), "add", AddInput{A: 2, B: 3})
//		if err != nil || r.Text() != `{"sum":5}` {
//			t.Errorf("2+3 is %v, %v", r, err)
//		}
//	}
//
// # Revisions
//
// Config.Revision chooses one of the five; the same test can go through all of them:
//
//	c := fastmcptest.New(t, newApp())
//	for _, revision := range fastmcptest.Revisions() {
//		t.Run(revision, func(t *testing.T) {
//			c := c.Connect(t, fastmcptest.Config{Revision: revision})
//			...
//		})
//	}
//
// # Questions
//
// A client says that it can be asked by being given what answers: Config.Elicit or OnElicit, Sample or OnSample, Roots.
// The answers take whatever way the revision has: requests on the stream, or the further rounds of 2026-07-28.
//
// # Notifications
//
// Everything that the App notifies of is recorded as it came over the wire: Notes gives it, WaitNote waits for it. What
// a call has sent is there when the call returns. Every call asks for progress; log messages come with Config.Level, and
// updates of a resource with Subscribe.
//
// # Drift
//
// Snapshot compares the list of tools with a file that is kept with the tests, and tells what a client would notice.
package fastmcptest
