package stdio

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// errTooLong is what a line is that is longer than a message may be.
var errTooLong = errors.New("stdio: the line is too long")

// readSize is how much is asked of the input at a time, in bytes. Most messages are shorter, and then copied once.
const readSize = 64 << 10

// lines takes an input apart at its newlines.
type lines struct {
	in  *bufio.Reader
	max int
	err error // what has ended the input
}

func newLines(in io.Reader, most int) *lines {
	return &lines{in: bufio.NewReaderSize(in, readSize), max: most}
}

// next is the next line, without what ends it; the bytes are the caller's. The error is errTooLong for a line that has
// been skipped, and then there may be more; any other is the end. Bytes after the last newline are a line, too: so does
// everybody send who pipes a file into a server.
func (l *lines) next() ([]byte, error) {
	var line []byte
	tooLong := false
	for l.err == nil {
		var part []byte
		part, l.err = l.in.ReadSlice('\n')
		if !tooLong {
			line = append(line, part...)
			// Two bytes more may be those that end the line.
			if tooLong = len(line) > l.max+2; tooLong {
				line = nil
			}
		}
		if errors.Is(l.err, bufio.ErrBufferFull) {
			l.err = nil
			continue
		}
		if l.err != nil && len(line) == 0 && !tooLong {
			break
		}
		if line = chop(line); tooLong || len(line) > l.max {
			return nil, errTooLong
		}
		return line, nil
	}
	return nil, l.err
}

// chop takes a newline off, and a carriage return before it.
func chop(line []byte) []byte {
	return bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
}
