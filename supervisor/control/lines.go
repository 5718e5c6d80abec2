package control

import (
	"bytes"
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"supervise/supervisor/control/request"
)

// fifo is one FIFO.
type fifo struct {
	all     *fifos
	fd      int
	key     uint64
	name    string // in the runtime directory
	path    string // the full path, for messages
	service string // "": lines, not letters

	line []byte // the part of a line that has been read so far
	skip bool   // the line is too long, and the rest of it is ignored
}

// readsAtOnce is how often one FIFO is read before others get their turn.
const readsAtOnce = 4

// ready reads and processes what is there.
func (one *fifo) ready() (more bool) {
	for range readsAtOnce {
		n, err := unix.Read(one.fd, one.all.buffer)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case n > 0:
			one.feed(one.all.buffer[:n])
		case err == nil: // the last writer has closed
			one.end()
			return false
		default:
			if !errors.Is(err, unix.EAGAIN) {
				one.all.server.errors.report(one.path, fmt.Errorf("cannot read: %w", err))
			}
			return false
		}
	}
	return true
}

// feed takes bytes that were read.
func (one *fifo) feed(text []byte) {
	if one.service != "" {
		one.letters(text)
		return
	}
	for {
		line, rest, whole := bytes.Cut(text, []byte{'\n'})
		room := request.MaxLine + 1 - len(one.line) // one more shows that it is too long
		one.line = append(one.line, line[:min(len(line), room)]...)
		if len(one.line) > request.MaxLine && !one.skip {
			one.skip = true
			one.all.server.errors.report(one.path, fmt.Errorf("the line that begins with %.40q is longer than %d bytes", one.line, request.MaxLine))
		}
		if !whole {
			return
		}
		one.end()
		text = rest
	}
}

// end ends a line.
func (one *fifo) end() {
	if len(one.line) > 0 && !one.skip {
		one.act(one.line)
	}
	one.line, one.skip = one.line[:0], false
}

func (one *fifo) act(line []byte) {
	r, err := request.ParseLine(string(line))
	switch {
	case err != nil:
		one.all.server.errors.report(one.path, err)
	case r != nil:
		one.push(r)
	}
}

// letters takes one-letter commands. Unknown letters are reported once for everything that
// was read at once.
func (one *fifo) letters(text []byte) {
	var first error
	wrong := 0
	for _, letter := range text {
		r, err := request.Letter(one.service, letter)
		switch {
		case err != nil:
			if wrong++; first == nil {
				first = err
			}
		case r != nil:
			one.push(r)
		}
	}
	if wrong > 1 {
		first = fmt.Errorf("%w, and %d more", first, wrong-1)
	}
	if first != nil {
		one.all.server.errors.report(one.path, first)
	}
}

func (one *fifo) push(r request.Request) {
	s := one.all.server
	s.push(item{call: &Call{Request: r, Origin: Origin{FIFO: one.path, Shared: s.shared()}, errors: s.errors}})
}

// release closes the FIFO.
func (one *fifo) release(p *poller) {
	p.forget(one.key)
	unix.Close(one.fd)
}

// close closes and removes the FIFO.
func (one *fifo) close(p *poller) {
	one.release(p)
	one.remove()
}

// remove removes the FIFO, and the directory of its service.
func (one *fifo) remove() {
	if one.service != "" {
		one.all.removeOf([]string{one.service})
		return
	}
	_ = one.all.dir.Remove(one.name)
}
