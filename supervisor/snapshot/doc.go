// Package snapshot answers the requests ping and status without the loop: from snapshots of
// the services, which the loop replaces when something has changed. It shows them on the
// status board, too.
//
//	s := snapshot.New(snapshot.Options{...})
//	s.Show(board)                       // or there is none
//	s.Resize(n)                         // there are services 0 to n-1,
//	s.List(order)                       // of which these are listed, in this order
//
//	s.Work(true)                        // the loop, in every iteration: it is at work,
//	s.Touch(i)                          // a service changes,
//	err := s.Publish()                  // the snapshots are replaced, watchers of the board woken,
//	s.Work(false)                       // and now show all that the loop knows
//
//	answered := s.Answer(call, request) // any goroutine: ping and status
//
// So a question does not delay the loop, and only two threads have to be woken for an answer.
// What /proc says about a main process (see [status.Service.Observe]) is read when somebody
// asks, beside the loop.
//
// A client must never get a status older than something it has already seen, in the log, in
// an answer, or because it has killed a process itself. So a call is left to the loop while
// that is at work, and if /proc says that a main process has ended, which the loop has yet
// to reap. The loop publishes before it answers anybody: decision 13.
//
// [Describe] turns what the loop knows about a service into a snapshot. The rest of the
// package knows services by number and name only, and decides nothing.
package snapshot
