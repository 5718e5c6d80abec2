// Package status has the status of a service: one record, and every form that it takes.
//
//	s := status.Service{Name: "web", State: "running", Wanted: status.Up, PID: 812, Since: now}
//	s.SetStopped(false)                     // ready, paused: from what is known so far
//	ok := s.Observe(procStatus, supervisor) // from /proc/PID/status; false: not that process
//
//	text, err := json.Marshal(s)            // JSON, of the message queue and --format json
//	slot.Pack(&s)                           // 256 bytes of the status board, see [Slot]
//	rows := status.Rows(services, now)      // the table of "supervise status"
//
// A new field is added in service.go (its meaning, its JSON, and its column if it has one),
// in slot.go, and in package snapshot, which fills it in. Tests check that it is, and that
// every field survives every form.
//
// Times are nanoseconds since 1970, 0 being none. The package does no I/O: package board
// shares the memory of the slots, package snapshot decides who gets which status. It is
// early: see cmd/supervise/preinit.
package status
