package lab

import (
	"encoding/binary"

	"golang.org/x/sys/unix"

	"supervise/signals"
	"supervise/signals/lab/actor"
)

var sigPipe = Experiment{
	Name:  "sigpipe",
	Title: "who writes to a pipe that nobody reads is killed, or told EPIPE",
	Teaches: "SIGPIPE ends filters quietly when their reader has gone. A server ignores it and looks at\n" +
		"EPIPE; what it executes then inherits that, so that yes | head fails with a message there.",
	Man:   `pipe(7), "I/O on pipes and FIFOs"; write(2), EPIPE`,
	Trace: []Traced{{signals.SIGPIPE, "ignored", 1}, {signals.SIGPIPE, "taken", 1}, {signals.SIGPIPE, "terminated", 1}},
	run:   writePipe,
}

func writePipe(s *stage) {
	a := s.actor()
	s.do("a process makes a pipe, and closes the end to read from")
	writer := a.brokenPipe()
	s.do("it ignores SIGPIPE")
	a.ignore(signals.SIGPIPE)
	_, err := a.Call(unix.SYS_WRITE, writer, actor.Scratch, 1)
	s.expect("write", err, unix.EPIPE)
	s.do("it blocks SIGPIPE, which is at its default again")
	a.reset(signals.SIGPIPE)
	a.block(signals.SIGPIPE)
	_, err = a.Call(unix.SYS_WRITE, writer, actor.Scratch, 1)
	s.expect("write", err, unix.EPIPE)
	s.expect("pending", a.pending(), signals.SetOf(signals.SIGPIPE))
	a.taken()
	s.do("it unblocks SIGPIPE, and writes")
	a.block()
	a.begun(unix.SYS_WRITE, writer, actor.Scratch, 1)
	s.expect("it was", a.ended(), signals.Exit{Signal: signals.SIGPIPE})
}

// pipe makes a pipe, and returns its ends.
func (p *player) pipe() (reader, writer uintptr) {
	p.call(unix.SYS_PIPE2, actor.Scratch, 0)
	var ends [8]byte
	p.s.must(p.Read(actor.Scratch, ends[:]))
	return uintptr(binary.NativeEndian.Uint32(ends[:4])), uintptr(binary.NativeEndian.Uint32(ends[4:]))
}

func (p *player) brokenPipe() (writer uintptr) {
	reader, writer := p.pipe()
	p.call(unix.SYS_CLOSE, reader)
	return writer
}
