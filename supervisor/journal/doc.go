// Package journal remembers what happened to a supervisor, what it did about it, and how
// the two belong together, for supervise events and supervise why.
//
//	j := journal.New(4096)
//	cause := j.Add(entry)                   // something happened
//	j.Add(entry with Cause, Origin = cause) // something was done about it
//	j.Turn(from, changed)                   // with that the state of a service has changed
//	j.Last(filter, 20); j.Why("web")
//
// It is a bounded list in memory: the oldest entries make room for new ones. It writes
// nothing anywhere, knows neither machine nor processes, and belongs to one goroutine, the
// supervisor's loop.
package journal
