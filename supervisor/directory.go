package supervisor

import (
	"errors"
	"os"
	"strconv"
	"time"

	"supervise/supervisor/rundir"
)

// watchDirectory has the loop know when somebody removes or moves the runtime directory:
// from then on commands do not find us, and nothing keeps a second supervisor out.
func (s *Supervisor) watchDirectory() {
	err := s.dir.Watch(func() { s.mailbox.post(s.missDirectory) })
	if err != nil {
		s.log.Debug().Err(err).Msg("cannot see when somebody removes the runtime directory")
	}
}

// removalTime is how long a removal is left to go on: who removes a directory removes its
// files one by one, and would meet some of those that are made anew meanwhile.
const removalTime = 100 * time.Millisecond

// missDirectory looks whether the directory is still there.
func (s *Supervisor) missDirectory() {
	if s.missed || s.dir.InPlace() {
		return
	}
	s.missed = true
	time.AfterFunc(removalTime, func() { s.mailbox.post(s.renewDirectory) })
}

// renewDirectory makes the directory anew, so that we are found again.
func (s *Supervisor) renewDirectory() {
	s.missed = false
	if s.dir.InPlace() {
		return
	}
	before := s.dir
	next, err := before.Renew()
	if err != nil {
		s.loseDirectory(err)
		return
	}
	s.dir = next
	if s.board != nil {
		if err := s.board.Move(next.Root()); err != nil {
			s.log.Error().Err(err).Msg("no status board")
		}
	}
	if next != before {
		s.watchDirectory()
	}
	moved := func() {
		if next != before {
			_ = before.Close()
		}
		s.log.Warn().Str("runtime-dir", next.Path).
			Msg("somebody has removed or moved the runtime directory, or files in it: it is made anew, and commands work again; what cleans up there should spare it")
	}
	if s.control == nil {
		moved()
		return
	}
	s.control.Move(next.Root(), moved)
}

// loseDirectory says that we cannot be reached any more, and what can be done.
func (s *Supervisor) loseDirectory(err error) {
	const gone = "somebody has removed or moved the runtime directory, and commands do not reach this supervise any more: "
	end := "kill -TERM " + strconv.Itoa(os.Getpid())
	text := gone + "it cannot be made anew; make room for it, and start anew after " + end
	var busy *rundir.BusyError
	if errors.As(err, &busy) {
		text = gone + "another one has its place, and its services may run twice; end this one with " + end + ", or the other one"
	}
	s.log.Error().Err(err).Str("runtime-dir", s.dir.Path).Msg(text)
}
