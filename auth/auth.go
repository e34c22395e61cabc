// Package auth says who is calling and what they may do. It knows no HTTP library and no App: a transport hands it what
// it needs in a Request, and gets a Principal, a Decision or a challenge back.
//
// Who is calling is found out by a [Verifier]; [New] makes a [Provider] of one or several, which also knows how a
// caller without valid credentials is turned away (RFC 6750, RFC 9728). What a caller may do is said by a [Guard],
// which is set on a tool, a resource, a prompt or a group of them.
package auth
