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
func (r *run) watchDirectory() {
	err := r.dir.Watch(func() { r.host.Post(r.checkDirectory) })
	if err != nil {
		r.log.Debug().Err(err).Msg("cannot see when somebody removes the runtime directory")
	}
}

// removalTime is how long a removal is left to go on: who removes a directory removes its
// files one by one, and would meet some of those that are made anew meanwhile.
const removalTime = 100 * time.Millisecond

// checkDirectory looks whether the directory is still there.
func (r *run) checkDirectory() {
	if r.directoryMissing || r.dir.InPlace() {
		return
	}
	r.directoryMissing = true
	r.host.Later(removalTime, r.renewDirectory)
}

// renewDirectory makes the directory anew, so that we are found again.
func (r *run) renewDirectory() {
	r.directoryMissing = false
	if r.dir.InPlace() {
		return
	}
	before := r.dir
	next, err := before.Renew()
	if err != nil {
		r.loseDirectory(err)
		return
	}
	r.dir = next
	r.loop.MoveBoard(next.Root())
	if next != before {
		r.watchDirectory()
	}
	moved := func() {
		if next != before {
			_ = before.Close()
		}
		r.log.Warn().Str("runtime-dir", next.Path).
			Msg("somebody has removed or moved the runtime directory, or files in it: it is made anew, and commands work again; what cleans up there should spare it")
	}
	if r.control == nil {
		moved()
		return
	}
	r.control.Move(next.Root(), moved)
}

// loseDirectory says that we cannot be reached any more, and what can be done.
func (r *run) loseDirectory(err error) {
	const gone = "somebody has removed or moved the runtime directory, and commands do not reach this supervise any more: "
	end := "kill -TERM " + strconv.Itoa(os.Getpid())
	text := gone + "it cannot be made anew; make room for it, and start anew after " + end
	var busy *rundir.BusyError
	if errors.As(err, &busy) {
		text = gone + "another one has its place, and its services may run twice; end this one with " + end + ", or the other one"
	}
	r.log.Error().Err(err).Str("runtime-dir", r.dir.Path).Msg(text)
}
