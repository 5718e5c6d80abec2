// Package logs is what children write: it makes the pipes that are their standard output
// and error, reads them, and writes the lines to the supervisor's own output or to rotated
// files. No line is lost, and no two are mixed. It keeps the last lines of each service, for
// reports of errors and for those who follow.
//
// It is not the supervisor's logger, although [Pump.Write] lets that share a destination;
// it starts no process, and it does not interpret what it reads.
//
// A [Pump] is one destination with everything that is written to it. The pumps share one
// [Logs], whose poller is the only goroutine that waits. Its loop, and theirs:
//
//	poller: wait in the Go runtime's network poller until the epoll descriptor is ready
//	        for each event: put the stream into its pump's queue; start the pump if idle
//	pump:   for what was asked for: reopen the file; note how far to read for a drain
//	        write what the last turn could not; if that fails, park: end until woken
//	        for each stream in the queue: read once, at most 64 KiB; keep and pass on its lines
//	            if there was something, to the end of the queue; if not, out of it
//	        drained streams: complete the last line
//	        write; call back who waits for a drain; have the poller watch empty streams
//	        if nothing is left: give the buffers back and end until woken
//
// # What it costs
//
// A pump at rest is a struct: it has no goroutine, no buffer and no thread. A stream is
// its descriptor, its entry in epoll and about 150 bytes; the beginning of an unfinished
// line is kept in memory of its size. The buffers, up to 400 KiB, belong to a pump only
// while it is at work. Nothing ticks.
//
// Events are one-shot (EPOLLONESHOT), so that a stream whose pump is busy or stuck wakes
// nobody. In a turn each stream gives at most 64 KiB, so that one that floods delays the
// others of its pump by no more than that.
//
// # The last lines
//
// What is read is also copied into its service's history, which [Logs.Last], [Logs.Follow]
// and [Source.Tail] look at: once, in blocks of up to 4 KiB with one time, stream and
// generation, which are split into lines only when somebody asks. A service has its history
// for good, whatever its generations and their pumps; one that is silent has an empty one.
// Its memory grows with what is written up to 64 KiB, as long as all histories together
// have less than 2 MiB; beyond that a service gets up to 8 KiB and no more.
//
// A service that writes to the supervisor's own descriptors has no lines here.
//
// # Destinations that do not take what they are given
//
// A pump whose destination is stuck parks, with at most a few hundred kilobytes in hand,
// and reads no more: the pipes fill up, and the writers wait, as they would without a
// supervisor. Nobody else waits: not the other pumps, and not the callers of the methods,
// which never wait for anything (but [Logs.File], which opens the file, and [Logs.Close]).
// [Source.Drain] answers after its grace, and [Pump.Attach] refuses a service whose last
// sixteen generations have ended undrained.
//
// A file that cannot even be opened has no pump. Its service can write to the console
// meanwhile, and [Source.Move] brings it to the file's pump as soon as there is one.
//
// The supervisor's own descriptors are shared with other processes, so their flags are
// left alone. A pipe or a terminal is opened once more, without blocking, through
// /proc/self/fd; where that is refused, and for regular files, a write that waits holds
// one thread. A full disk parks the pump, too; it is tried again after 0.1 s, doubling up
// to 5 s, and both the failure and the recovery are told through Options.Report. When the
// reader of the supervisor's output has left (EPIPE), that is told once, and what is
// written from then on is discarded and counted, so that the services go on. The write
// that found out has sent SIGPIPE to its own thread, which the supervisor has blocked.
//
// # Lines
//
// A line ends with a newline. One of more than [MaxLine] bytes is passed on in pieces,
// marked as continued. What a process leaves without a newline when it exits is completed,
// and in JSON marked as partial.
//
// On the console a line stands behind its service's name, and cannot pass for another
// service's: in [Text], control characters are shown in cat -v's notation, a carriage
// return as ^M, ESC as ^[. Tabs and colours (ESC [ ... m, reset at the end of the line)
// pass through, and a carriage return just before the newline is left out. In JSON
// everything is escaped. In a file, Text is the bytes as they were written.
package logs
