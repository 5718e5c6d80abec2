// Package control takes commands for a running supervisor in two ways: by FIFOs, for people
// and scripts, and by a pair of System V message queues, for programs.
//
//	RUNTIME/control                  lines:   echo restart web > control
//	RUNTIME/services/NAME/control    letters: printf t > control
//	RUNTIME/msgq.json                names the queues; see below
//
// It reads no state of the supervisor and decides nothing. Its goroutines block, make a
// [Call] of what they read, and put it where the loop finds it. They send the loop's answers
// as fast as the client reads them. The loop never waits:
//
//	server, left, err := control.Open(options)    // options.Wake wakes the loop
//	server.Serve(nil)
//	for a bounded number of calls in each iteration {
//	call, ended, ok := server.Take()
//	!ok    -> go on with something else
//	ended  -> nobody waits for this call any more: forget it
//	else   -> switch r := call.Request.(type) { case request.Status: call.Reply(...) ... }
//	}
//
// Package request defines what may be asked and answered, including the lines and the
// letters. Package client is the other end; package board shows the status without a
// question.
//
// # FIFOs
//
// One goroutine reads all of them through one epoll instance; an idle FIFO costs one
// descriptor. A line ends with a line feed, or when the last writer closes. A line that is no
// command is reported and ignored; one that is too long is ignored up to its end. While the
// supervisor runs, each FIFO has a reader: opening it with O_WRONLY|O_NONBLOCK fails with
// ENXIO exactly when no supervisor runs. Writes of up to PIPE_BUF bytes (4096) are not mixed
// with those of others.
//
// Who may command can write into FIFOs and the queue of requests, and not read: what one
// sends, no other takes away. Neither tells who has written; [Origin.Shared] says whether it
// can have been somebody else than our user or root.
//
// # Queues
//
// Clients send to the request queue, and receive from the reply queue by message type.
// msgq.json names both:
//
//	{"version":1,"request":ID,"reply":ID,"size":BYTES,"owner":{"pid":PID,"start":TICKS},...
//
// in this order, on one line. size is the longest message that the server sends, without its
// type. The keys are ftok(RUNTIME, 'Q') and ftok(RUNTIME, 'R') unless these were taken. As
// ftok uses only 16 bits of the inode, go by the file. A supervisor runs if owner.pid is
// alive and is the process that started at owner.start (field 22 of /proc/PID/stat).
//
// After the long that is its type, a message begins with this header, in the machine's byte
// order:
//
//	offset size
//	 0     1    version, 1
//	 1     1    kind: 1 request, 2 next, 3 cancel, 4 reply (5 is a client's own, to itself)
//	 2     2    flags: 1 last answer (of a reply); 2 no answer wanted (of a request)
//	 4     4    client: its pid << 9 | a number below 512 that it chooses itself
//	 8     8    number of the request, chosen by the client; the same in all frames about it
//	16     4    part, from 0   (requests have one part: 0 of 1)
//	20     4    parts of this answer, at least 1
//	24     -    payload: the JSON of a request, or this part of the JSON of an answer
//
// The type of a message to the server is 1; that of a message to a client is the client's id.
// One request and its answer:
//
//	client: request N          {"verb":"status"}
//	server: reply N, part 0 of 2
//	client: next N             (no payload; part 0 of 1)
//	server: reply N, part 1 of 2, last answer
//
// The client sends "next" after every frame but the very last one (the last part of an answer
// with the flag "last"), and gets no frame before it has. So the reply queue never holds more
// than one message for a client, and a slow client delays nobody else. Requests to follow
// something (events, logs) have several answers; each is complete JSON. Answers that were
// dropped because the client is slow are counted in the next one's "dropped". A new request
// of a client ends its previous one. A client skips frames of any request but its current
// one.
//
// # Messages that nobody reads
//
// The server holds a pidfd of the process in the client's id. When that process ends, its
// messages are removed from the queue and its call ends. A client that lives but does not
// read keeps its one message in the queue until somebody else needs the room. Then the server
// evicts the message, and tries again later, for half a minute. Messages in the reply queue
// that the server did not send are discarded at that point. The server looks up the pid in
// its own PID namespace: clients in another one can command, but get no answer.
//
// # Permissions
//
// FIFOs and queues have the mode and group of [Options]. The queues do not reliably say who
// sent a message: the id is what the client claims, and msg_lspid is the last sender's pid
// only. Whoever may use the queues can do everything that clients can, and can also read and
// disturb the answers to others.
package control
