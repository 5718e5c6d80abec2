// Package status is how a service stands, as data: one record, and every form that it has.
//
//	s := status.Service{Name: "web", State: "running", Wanted: status.Up, PID: 812, Since: now}
//	s.SetStopped(false)                     // ready, paused: from what is known so far
//	ok := s.Observe(procStatus, supervisor) // from /proc/PID/status; false: not that process
//
//	text, err := json.Marshal(s)            // JSON, of the message queue and --format json
//	slot.Pack(&s)                           // 256 bytes of the status board, see [Slot]
//	rows := status.Rows(services, now)      // the table of "supervise status"
//
// Whoever adds a field writes it down in service.go (its meaning and its JSON, and its
// column of the table if it has one) and in slot.go, and has package snapshot fill it; tests
// hold that it does, and that every field survives every form.
//
// Times are nanoseconds since 1970, 0 being none. The package reads and shares nothing: the
// memory of the board is package board's, and who sees which status is package snapshot's.
// It is early: see cmd/supervise/first.
package status
