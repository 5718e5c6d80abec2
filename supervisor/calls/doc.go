// Package calls keeps the calls of clients that cannot be answered at once: those that wait
// for an outcome or a condition, and those that follow events or read log lines.
//
//	p := calls.New(services, journal, logs)
//
//	w := p.Await(call, calls.Restarted, now)  // a command that waits for its outcome
//	w.Add(id, ticket)                         // for each service, before its event is dispatched
//	p.WaitFor(call, request.Wait{...}, now)   // and those that only ask
//	p.Events(call, request.Events{...})
//	p.Lines(call, request.Logs{...})
//
//	p.Report(id, ticket, note)                // the machine's Report action
//	p.Publish(now)                            // at the end of every iteration of the loop
//	p.NextTimeout()                           // when the next call of Publish is due
//	p.Drop(call)                              // nobody reads the answer any more
//	p.End(now)                                // supervise exits
//
// Each call gets exactly one last answer ([Call.Reply]), unless it is dropped. That a service
// is removed, that the time is up, or that supervise exits, is an answer too.
//
// A client must never get a status older than something it has already seen. So the caller
// publishes its status snapshots before it calls Publish, End, Events or Lines.
//
// The package decides nothing and carries nothing out. It judges services by the machine's
// view of them ([machine.View]), and asks for everything else through [Services], [Journal]
// and [Logs]. It has no clock, no lock and no goroutine: all of it belongs to the loop. It
// does not deal with requests that are answered at once.
package calls
