// Package snapshot answers those who only ask how services stand without the loop: from
// snapshots of them that the loop replaces when they have changed. It also has the status
// board show them.
//
//	s := snapshot.New(snapshot.Options{...})
//	s.Show(board)                       // or there is none
//	s.Resize(n)                         // there are services 0 to n-1,
//	s.List(order)                       // of which these are told of, in this order
//
//	s.Work(true)                        // the loop, in every iteration: it is at work,
//	s.Touch(i)                          // a service changes,
//	err := s.Publish()                  // the snapshots are replaced, watchers of the board woken,
//	s.Work(false)                       // and nothing is known any more that they do not show
//
//	answered := s.Answer(call, request) // any goroutine: ping and status
//
// So a look costs the services nothing, and the client no more than two threads that have
// to be woken. What /proc says of a main process (see [status.Service.Observe]) is read when
// somebody asks, beside the loop.
//
// A client must never get a status older than something it has already seen, in the log, in
// an answer, or because it has killed a process itself. So a call is left to the loop while
// that is at work, and if /proc says that a main process has ended (it is stale: the loop
// has to reap it). The loop publishes before it answers anybody. See decision 13.
//
// [Describe] makes what a snapshot shows of what the loop knows of a service. The rest of the
// package knows services by number and name alone, and decides nothing.
package snapshot
