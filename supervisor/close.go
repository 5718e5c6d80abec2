package supervisor

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"time"

	"supervise/config"
	"supervise/internal/sys"
	"supervise/supervisor/logger"
	"supervise/supervisor/process/tree"
)

// grace bounds each part of the exit after all services are down: writing what they have
// written, and killing processes that belong to none of them.
const grace = 5 * time.Second

// shortGrace is the same when the shutdown has left something behind, which it has tried to
// kill for longer already.
const shortGrace = 500 * time.Millisecond

// linesGrace is a bit more than output.Route takes to read what is left in a pipe, though its
// destination is stuck.
const linesGrace = 1500 * time.Millisecond

// close ends everything else when all services are down, or are left behind. rest reports
// whether processes are left.
func (r *run) close(leftBehind bool) (rest bool) {
	within := grace
	if leftBehind {
		within = shortGrace
	}
	r.loop.awaitLines()
	r.closeCores(leftBehind)
	r.loop.End()
	var closing sync.WaitGroup
	if r.control != nil {
		closing.Go(r.control.Close)
	}
	r.host.StopRecording()
	rest = r.endRest(within)
	r.host.Outputs().Release() // what follows may wait
	r.loop.Close()
	closing.Wait()
	if r.journal != nil {
		if err := r.journal.Close(grace); err != nil {
			r.log.Error().Err(err).Msg("the end of the journal could not be written")
		}
	}
	last := r.log.Info()
	if reaped := r.loop.orphans.total; reaped > 0 {
		last = last.Int("reaped-orphans", reaped)
	}
	last.Msg("supervise exits")
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	if err := r.host.Close(ctx); err != nil {
		logger.LastWords("supervise: " + err.Error())
	}
	_ = r.dir.Close()
	return rest
}

// closeCores waits until the cores are stored that are being taken: their processes have ended.
// Who does not want to wait asks for a shutdown at once again.
func (r *run) closeCores(leftBehind bool) {
	ctx, cancel := context.WithTimeout(context.Background(), r.loop.file.Core.Timeout)
	defer cancel()
	if leftBehind {
		cancel()
	}
	for done := r.cores.Close(ctx); ; r.loop.takePosted() {
		select {
		case <-done:
			r.loop.takePosted()
			return
		default:
		}
		if r.host.CoresUnderWay() == 0 {
			cancel() // what is still to be compressed stays as it is
		}
		if info, ok := r.host.Wait(-1); ok && r.loop.file.Signals[info.Signal] == config.ShutdownNow {
			cancel()
		}
		r.loop.reap()
	}
}

// awaitLines has the last lines told of what has ended at the end.
func (s *Supervisor) awaitLines() {
	reading := func(service *service) bool { return service.tail.Reading() }
	s.kernel.Wait(0) // who reads them may go on
	runtime.Gosched()
	s.takePosted()
	for deadline := time.Now().Add(linesGrace); slices.ContainsFunc(s.services, reading) && time.Now().Before(deadline); {
		s.kernel.Wait(time.Until(deadline))
		s.takePosted()
	}
}

// endRest kills and reaps our remaining descendants, which belong to no service any more. It
// reports whether any are left.
func (r *run) endRest(within time.Duration) (left bool) {
	told := map[int]bool{}
	for deadline := time.Now().Add(within); time.Now().Before(deadline); {
		r.loop.reap()
		if !sys.HasChildren() { // every descendant is below a child: all of /proc need not be read
			return false
		}
		rest, err := tree.Descendants()
		if err != nil || len(rest) == 0 {
			break
		}
		for _, m := range rest {
			if len(told) < mostTold && !told[m.PID] {
				told[m.PID] = true
				r.log.Warn().Int("pid", m.PID).Str("comm", m.Name).Msg("killed: still there at the end of the shutdown")
			}
		}
		done, err := r.host.KillDescendants()
		if err != nil {
			r.log.Error().Err(err).Msg("cannot end what is left")
			break
		}
		if done {
			r.host.Wait(100 * time.Millisecond)
		}
	}
	r.loop.reap()
	if !sys.HasChildren() {
		return false
	}
	rest, _ := tree.Descendants() // without /proc they cannot be found
	for _, m := range rest {
		r.log.Error().Int("pid", m.PID).Str("comm", m.Name).Str("why", r.host.Obstacle(m.PID)).Msg("left behind: it survives SIGKILL")
	}
	if len(rest) == 0 {
		r.log.Error().Msg("processes that services have started are left: none that lives can be found")
	}
	return true
}

// mostTold is how many of those are told of: some fork all the time.
const mostTold = 100
