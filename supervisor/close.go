package supervisor

import (
	"context"
	"fmt"
	"os"
	"time"

	"supervise/internal/sys"
	"supervise/supervisor/process/tree"
)

// grace bounds each part of the exit after all services are down: writing what they have
// written, and killing processes that belong to none of them.
const grace = 5 * time.Second

// close ends everything else when all services are down.
func (r *run) close() {
	r.loop.End()
	r.endRest()
	r.loop.Close()
	if r.control != nil {
		r.control.Close()
	}
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
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	if err := r.host.Close(ctx); err != nil {
		lastWords("supervise: " + err.Error())
	}
	_ = r.dir.Close()
}

// lastWords writes to standard error, past the logs, and gives up if that is stuck.
func lastWords(text string) {
	written := make(chan struct{})
	go func() {
		fmt.Fprintln(os.Stderr, text)
		close(written)
	}()
	select {
	case <-written:
	case <-time.After(100 * time.Millisecond):
	}
}

// endRest kills and reaps our remaining descendants, which belong to no service any more.
func (r *run) endRest() {
	told := map[int]bool{}
	for deadline := time.Now().Add(grace); time.Now().Before(deadline); {
		rest, err := tree.Descendants()
		if err != nil || len(rest) == 0 {
			break
		}
		for _, m := range rest {
			if len(told) < mostTold && !told[m.PID] {
				told[m.PID] = true
				r.log.Warn().Int("pid", m.PID).Str("comm", m.Name).Msg("killed: still there although every service is down")
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
		r.loop.reap()
	}
	r.loop.reap()
	if _, ended, living := sys.Peek(); ended || living { // without /proc they cannot be found
		r.log.Error().Msg("processes that services have started are left: they cannot be found, or cannot be killed")
	}
}

// mostTold is how many of those are told of: some fork all the time.
const mostTold = 100
