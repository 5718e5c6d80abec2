// Package logs handles the output of children: it makes the pipes that are their standard
// output and error, reads them, and writes the lines to the supervisor's own output or to
// rotated files. No line is lost, and lines are never mixed. It keeps the last lines of each
// service for error reports and for followers.
//
// It is not the supervisor's logger, although [Pump.Write] lets that share a destination. It
// starts no process, and does not interpret what it reads.
//
//	logs, err := logs.New(logs.Options{Report: report})
//	pump, err := logs.File("/var/log/web.log", logs.Config{Rotation: logs.Rotation{MaxSize: 10 << 20, Keep: 5}})
//	source, ends, err := pump.Attach("web")     // start the process with ends, then ends.Close()
//	source.Drain(time.Second, func(d logs.Drained) { ... d.Tail ... })    // when it has exited
//
// A [Pump] is one destination with everything that is written to it. The pumps share one
// [Logs], whose poller is the only goroutine that waits. The loops of both:
//
//	poller: wait in the Go runtime's network poller until the epoll descriptor is ready
//	        for each event: queue the stream at its pump
//	        have each pump that was idle do one round; if more is left, on a goroutine of its own
//	pump:   handle requests: reopen the file; note how far to read for a drain
//	        give sources away that are to move
//	        write what the last round could not
//	        for each queued stream, unless it has to wait: read once, at most 256 KiB; keep and
//	            pass on its lines; if it is busy, queue it again, and nap
//	        drained streams: pass on the start of a line
//	        write; call back whoever waits for a drain; have the poller watch empty streams, or
//	            end their rests
//	        if that could not be written, park: end until woken
//	        if nothing is left: release the buffers and end until woken
//
// # Costs
//
// An idle pump is a struct: it has no goroutine, no buffer and no thread. A stream costs its
// descriptor, its entry in epoll and about 200 bytes, plus the start of an unfinished line. A
// pump has buffers, up to 600 KiB, only while it works. Nothing ticks.
//
// Events are one-shot (EPOLLONESHOT), so that a stream wakes nobody while its pump is busy or
// stuck. In one round at most 256 KiB are read of a stream, as much as its pipe can hold, which bounds
// how long a flood delays the others of its pump.
//
// A wake-up costs more than reading a line. So a stream that is written to more often than
// every 5 ms is not watched after a read but rests: for 1 ms at first, and for up to 12 ms while
// little comes. One timer ends all rests. A line after a pause is read at once. The pipe of a
// stream that has filled it is enlarged to 256 KiB, and its pump naps for less than a
// millisecond instead of being woken for every few lines: see [pace].
//
// The poller's goroutine does the first round of a pump itself, as waking a thread for it costs
// more than the round. If that hangs, in a write(2) to a disk, another goroutine takes over the
// polling within 200 ms, so that no other pump waits for longer.
//
// # The last lines
//
// What is read is also copied into the history of its service, for [Logs.Last], [Logs.Follow]
// and [Source.Tail]. It is copied once, in blocks of up to 4 KiB with one time, stream and
// generation, and split into lines only when somebody asks. A service keeps its history
// across generations and pumps; a silent service has an empty one. Its memory grows up to 64
// KiB as long as all histories together have less than 2 MiB; beyond that a service gets up
// to 8 KiB.
//
// A service that writes to the supervisor's own descriptors has no lines here.
//
// # Stuck destinations
//
// A pump whose destination is stuck parks with at most a few hundred kilobytes in memory, and
// stops reading: the pipes fill up and the writers wait, as they would without a supervisor.
// Nobody else waits: neither the other pumps, nor the callers of methods, which never wait
// for anything (except [Logs.File], which opens the file, and [Logs.Close]). [Source.Drain]
// answers after its grace period, and [Pump.Attach] refuses a service whose last sixteen
// generations have ended undrained.
//
// A source that is to drop ([Source.Drop]) is read all the same. Its lines are dropped, and
// counted, while 256 KiB wait.
//
// A file that cannot be opened has no pump. Its service can write to the console meanwhile,
// and [Source.Move] moves it to the file's pump once there is one.
//
// The supervisor's own descriptors are shared with other processes, so their flags are not
// changed. A pipe or a terminal is opened again, without blocking, through /proc/self/fd;
// where that is refused, and for regular files, a write that waits holds one thread. A full
// disk parks the pump, too. Writing is retried after 0.1 s, doubling up to 5 s; both the
// failure and the recovery are reported through Options.Report. When the reader of the
// supervisor's output has left (EPIPE), that is reported once, and later output is discarded
// and counted, so that the services go on. The write that found out sent SIGPIPE to its own
// thread, where the supervisor blocks it.
//
// # Lines
//
// A line ends with a newline. On the console and in JSON, one of more than [MaxLine] bytes is
// passed on in pieces, marked as continued, and the last line of a process that exits without
// a final newline is completed, in JSON marked as partial.
//
// On the console, a line follows its service's name and cannot pass for another service's: in
// [Text], control characters are shown as cat -v does, a carriage return as ^M, ESC as ^[, and
// what reverses the direction of text as <U+202E>: package escape has the rule.
// Tabs and colours (ESC [ ... m, reset at the end of the line) pass through, and a carriage
// return before the newline is removed. In JSON everything is escaped.
//
// In a file, Text is the bytes as they were written, of lines of any length. As long as the
// end of a long one is missing, other streams that write to the same file wait for it, but for
// no longer than a second. A newline is added only where somebody else's line follows one that
// has none.
//
// # Files that others move
//
// A file that is moved, removed or replaced, with its directory or without, is noticed by
// inotify(7), or where there is none, by a look now and then. If something else has its name,
// that is written to from then on. If nothing has, it is made again after a second: until then
// a file that was moved is written to where it is, and for one that was removed lines wait.
// [Pump.Reopen] is for those who cannot wait. What cannot be opened again is told to
// [Options.Missing] if lines would be lost, and otherwise tried until it can.
//
// # Rotated files
//
// They are compressed, and removed when they are too old, by one goroutine with a thread of
// low priority, which begins when there is something to do. A compressed file is on the disk
// under its name before the original is removed.
package logs
