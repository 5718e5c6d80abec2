package sim

import "slices"

// checkClosed finds what is left of a loop that has ended.
func (w *world) checkClosed() {
	w.checkUnanswered()
	if len(w.logs.readers) > 0 {
		w.fail(nil, "readers of lines are left")
	}
	if !w.board.closed {
		w.fail(nil, "the board is not closed")
	}
	for _, u := range w.units {
		if !u.closed {
			w.fail(u.service(), "not closed")
		}
	}
	for _, p := range w.system.processes {
		if p != nil && p.leader && !p.tree.service.left {
			w.fail(p.tree.service, "its leader was never reaped")
		}
	}
}

// checkFIFOs compares who has a FIFO with what services there are.
func (w *world) checkFIFOs() {
	if !w.booted {
		return
	}
	var names []string
	for _, id := range w.loop.All() {
		names = append(names, w.loop.Name(id))
	}
	if !slices.Equal(names, w.clients.fifos) || len(names) != w.present() {
		w.fail(nil, "%v have FIFOs, and the services are %v", w.clients.fifos, names)
	}
}
