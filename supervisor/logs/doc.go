// Package logs handles the output of children: it makes the pipes that are their standard
// output and error, reads them, and writes the lines to the supervisor's own output or to
// rotated files. No line is lost, and lines are never mixed. It keeps the last lines of each
// service for error reports and for followers.
//
// It is not the supervisor's logger, although [Pump.Write] lets that share a destination. It
// starts no process, and does not interpret what it reads.
//
//	logs, err := logs.New(logs.Options{Report: report})
//	pump, err := logs.File("/var/log/web.log", logs.Text, logs.Rotation{MaxSize: 10 << 20, Keep: 5})
//	source, ends, err := pump.Attach("web")     // start the process with ends, then ends.Close()
//	source.Drain(time.Second, func(d logs.Drained) { ... d.Tail ... })    // when it has exited
//
// A [Pump] is one destination with everything that is written to it. The pumps share one
// [Logs], whose poller is the only goroutine that waits. The loops of both:
//
//	poller: wait in the Go runtime's network poller until the epoll descriptor is ready
//	        for each event: queue the stream at its pump; start the pump if idle
//	pump:   handle requests: reopen the file; note how far to read for a drain
//	        write what the last round could not; if that fails, park: end until woken
//	        give sources away that are to move
//	        for each queued stream: read once, at most 64 KiB; keep and pass on its lines
//	            if there was something, queue it again
//	        drained streams: complete the last line
//	        write; call back whoever waits for a drain; have the poller watch empty streams
//	        if nothing is left: release the buffers and end until woken
//
// # Costs
//
// An idle pump is a struct: it has no goroutine, no buffer and no thread. A stream costs its
// descriptor, its entry in epoll and about 150 bytes, plus the start of an unfinished line. A
// pump has buffers, up to 400 KiB, only while it works. Nothing ticks.
//
// Events are one-shot (EPOLLONESHOT), so that a stream wakes nobody while its pump is busy or
// stuck. In one round a stream is read for at most 64 KiB, which bounds how long a flood
// delays the others of its pump.
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
// A line ends with a newline. One of more than [MaxLine] bytes is passed on in pieces, marked
// as continued. If a process exits without a final newline, its last line is completed, and
// in JSON marked as partial.
//
// On the console, a line follows its service's name and cannot pass for another service's: in
// [Text], control characters are shown as cat -v does, a carriage return as ^M, ESC as ^[, and
// what reverses the direction of text as <U+202E>: package escape has the rule.
// Tabs and colours (ESC [ ... m, reset at the end of the line) pass through, and a carriage
// return before the newline is removed. In JSON everything is escaped. In a file, Text is the
// bytes as they were written.
package logs
