package supervisor

import (
	"time"

	"golang.org/x/sys/unix"

	"supervise/signals/intake"
	"supervise/supervisor/rundir"
)

// watchDirectory tells the loop when somebody removes or moves the runtime directory: from
// then on commands cannot find us, and nothing keeps out a second supervisor.
func (r *run) watchDirectory() {
	if r.host.Intake() != intake.Portable && r.dir.Notify(unix.Gettid()) == nil {
		r.host.Notice(rundir.IsNotice, func() {
			r.checkDirectory()
			r.host.Later(removalTime, func() {
				r.dir.NotifyAgain()
				r.checkDirectory()
			})
		})
		return
	}
	err := r.dir.Watch(func() { r.host.Post(r.checkDirectory) })
	if err != nil {
		r.log.Debug().Err(err).Msg("a removal of the runtime directory will not be noticed")
	}
}

// removalTime is how long to wait for a removal to finish: files are removed one by one, and
// new ones that appear meanwhile would be removed as well.
const removalTime = 100 * time.Millisecond

// checkDirectory checks that the directory is still there.
func (r *run) checkDirectory() {
	if r.directoryMissing || r.dir.InPlace() {
		return
	}
	r.directoryMissing = true
	r.host.Later(removalTime, r.renewDirectory)
}

// renewDirectory creates the directory again, so that commands find us.
func (r *run) renewDirectory() {
	r.directoryMissing = false
	if r.dir.InPlace() {
		return
	}
	before := r.dir
	next, err := before.Renew()
	if err != nil {
		r.log.Error().Err(err).Str("runtime-dir", before.Path).Msg(rundir.Lost(err))
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
			Msg("somebody has removed or moved the runtime directory, or files in it: it has been created again, and commands work again; exclude it from whatever cleans up there")
	}
	if r.control == nil {
		moved()
		return
	}
	r.control.Move(next.Root(), moved)
}
