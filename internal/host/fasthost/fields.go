package fasthost

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// isHeader tells that line is the header of that name, which has its colon and is in lower case.
func isHeader(line []byte, name string) bool {
	if len(line) < len(name) {
		return false
	}
	for i := range len(name) {
		if line[i]|0x20 != name[i] && line[i] != name[i] {
			return false
		}
	}
	return true
}

// tchar tells which bytes may be in a token (RFC 9110, 5.6.2): bit c of the first for those below 64, of the second above.
const tcharLow, tcharHigh uint64 = 0x3ff6cfa00000000, 0x57ffffffc7fffffe

func isTchar(c byte) bool {
	return c < 64 && tcharLow>>c&1 != 0 || c >= 64 && c < 128 && tcharHigh>>(c-64)&1 != 0
}

func isToken(b []byte) bool {
	for _, c := range b {
		if !isTchar(c) {
			return false
		}
	}
	return len(b) > 0
}

const ones = 0x0101010101010101

// unprintable has the highest bit of each byte of x that is not printable ASCII.
func unprintable(x uint64) uint64 {
	low := x & (0x7f * ones)
	return (^(low + 0x60*ones) | (low + ones) | x) & (0x80 * ones) // below 0x20, or DEL, or above
}

// fields are the headers that say where a request ends, and whom it is for.
type fields struct {
	hosts, lengths, codings int
	host, coding            []byte // the value of the last of each
	expects                 bool   // Expect is there
	closes                  bool   // Connection says close
	spaced                  bool   // the last line ends with a space
}

// scan goes from one byte that is not printable to the next: in plain headers those are the ends of lines.
func (s *fields) scan(raw []byte) fault {
	line := 0 // where it begins
	for at := 0; at < len(raw); at += 8 {
		var x uint64
		if at+8 <= len(raw) {
			x = binary.LittleEndian.Uint64(raw[at:])
		} else {
			x = tail(raw[at:])
		}
		for found := unprintable(x); found != 0; found &= found - 1 {
			i := at + bits.TrailingZeros64(found)/8
			if i < line { // the LF of the line before
				continue
			}
			if raw[i] != '\r' || i+1 == len(raw) || raw[i+1] != '\n' {
				return suspect(raw, s)
			}
			if f := s.line(raw[line:i]); f != fine {
				return f
			}
			line = i + 2
		}
	}
	return fine
}

// tail is b, shorter than eight bytes, with spaces behind it.
func tail(b []byte) uint64 {
	x := uint64(0x20 * ones)
	for i := len(b) - 1; i >= 0; i-- {
		x = x<<8 | uint64(b[i])
	}
	return x
}

// line takes a line without its end.
func (s *fields) line(line []byte) fault {
	if len(line) == 0 {
		return fine
	}
	s.spaced = line[len(line)-1] == ' '
	switch line[0] | 0x20 {
	case ' ':
		return folded
	case ':':
		return badName
	case 'h':
		if isHeader(line, "host:") {
			s.hosts, s.host = s.hosts+1, line[len("host:"):]
		}
	case 'c':
		switch {
		case isHeader(line, "content-length:"):
			s.lengths++
		case isHeader(line, "connection:"):
			s.closes = s.closes || saysClose(line[len("connection:"):])
		}
	case 'e':
		s.expects = s.expects || isHeader(line, "expect:")
	case 't':
		if isHeader(line, "transfer-encoding:") {
			s.codings, s.coding = s.codings+1, line[len("transfer-encoding:"):]
		}
	}
	return fine
}

// suspect looks closer at headers with bytes that most have not: tabs and bytes above ASCII may be in values (RFC 9110,
// 5.5), and not in names; some take a letter that looks like an s for one.
func suspect(raw []byte, s *fields) fault {
	*s = fields{}
	for len(raw) > 0 {
		end := bytes.IndexByte(raw, '\n')
		if end < 1 || raw[end-1] != '\r' {
			return bareLine
		}
		line := raw[:end-1]
		if raw = raw[end+1:]; len(line) == 0 {
			break
		}
		if line[0] == '\t' {
			return folded
		}
		if f := s.line(line); f != fine {
			return f
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		if !isToken(name) {
			return badName
		}
		for _, c := range value {
			if c < ' ' && c != '\t' || c == 0x7f {
				return badValue
			}
		}
	}
	return fine
}

// saysClose tells that a list of options has close among them.
func saysClose(options []byte) bool {
	for option := range bytes.SplitSeq(options, []byte(",")) {
		if bytes.EqualFold(bytes.Trim(option, " \t"), []byte("close")) {
			return true
		}
	}
	return false
}
