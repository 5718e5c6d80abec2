// Package control takes commands for a running supervisor, from two sides: FIFOs, for
// people and scripts, and a pair of System V message queues, for programs.
//
//	RUNTIME/control                  lines:   echo restart web > control
//	RUNTIME/services/NAME/control    letters: printf t > control
//	RUNTIME/msgq.json                the queues; see below
//
// It reads no state of the supervisor and takes no decision. Its goroutines block, make a
// [Call] of what came, and put it where the loop finds it; what the loop answers they write
// as fast as the client reads. The loop never waits:
//
//	server, left, err := control.Open(options)    // options.Wake wakes the loop
//	for a bounded number of times a turn {
//		call, ended, ok := server.Take()
//		!ok    -> go on with something else
//		ended  -> nobody waits for this call any more: forget it
//		else   -> switch r := call.Request.(type) { case request.Status: call.Reply(...) ... }
//	}
//
// What may be asked and answered, the lines and the letters included, is package
// request's. Package client is the other end; package board shows what is without asking.
//
// # FIFOs
//
// One goroutine reads all of them, through one epoll instance; idle ones cost a descriptor
// each. A line ends with a line feed, or when the last writer closes. What is no command is
// reported and left alone, an overlong line up to its end. As long as the supervisor runs
// a FIFO has a reader, so that opening it with O_WRONLY|O_NONBLOCK fails with ENXIO exactly
// when none runs. Writes of up to PIPE_BUF bytes (4096) do not mix with others'.
//
// # Queues
//
// Clients send to the queue of requests and receive from the queue of replies, by type.
// msgq.json says which they are:
//
//	{"version":1,"request":ID,"reply":ID,"size":BYTES,"owner":{"pid":PID,"start":TICKS},...
//
// in this order, in one line. size is the longest message that the server sends, its type
// not counted. The keys are ftok(RUNTIME, 'Q') and ftok(RUNTIME, 'R'), unless these were
// taken: ftok has 16 bits of the inode, so go by the file. A supervisor runs if owner.pid
// is alive and is the process that began at owner.start (field 22 of /proc/PID/stat).
//
// A message begins, behind the long that is its type, with this header, in the machine's
// byte order:
//
//	offset size
//	 0     1    version, 1
//	 1     1    kind: 1 request, 2 next, 3 cancel, 4 reply (5 is a client's own, to itself)
//	 2     2    flags: 1 last answer (of a reply); 2 no answer wanted (of a request)
//	 4     4    client: its pid << 9 | a number below 512 that is its own choice
//	 8     8    number of the request, chosen by the client; repeated in all about it
//	16     4    part, from 0   (requests have one part: 0 of 1)
//	20     4    parts of this answer, at least 1
//	24     -    payload: of a request its JSON, of a reply this part of the answer's JSON
//
// The type of every message to the server is 1; that of a message to a client is the
// client's id. A conversation goes
//
//	client: request N          {"verb":"status"}
//	server: reply N, part 0 of 2
//	client: next N             (no payload; part 0 of 1)
//	server: reply N, part 1 of 2, last answer
//
// After every frame but the very last one, which is the last part of an answer with the
// flag "last", the client says next, and gets no frame before that. So there is never
// more than one message for a client in the queue of replies, and a slow client slows down
// nobody else. Answers to follow (events, logs) are several; each is whole JSON, and what
// is dropped because the client is slow is counted in the next one's "dropped". A new
// request of the same client ends the one before. Frames of another request than the
// present one are to be skipped.
//
// # What becomes of messages that nobody reads
//
// A client is known by a pidfd of the process in its id: when that ends, what is left for
// it is taken out of the queue and its call ends. A client that lives and does not read
// keeps its one message in the queue until somebody else needs the room; then the server
// takes the message back, and tries again later, for half a minute. Messages that the
// server did not send are thrown away then. The pid is seen by the server's PID namespace:
// clients in another one can command, but get no answer.
//
// # Who may
//
// The permissions are those of FIFOs and queues: mode and group of [Options]. The queues
// say nothing reliable of who sent a message: the client's id is what the client says, and
// msg_lspid is only the last sender's pid. Who may use the queues may do all that clients
// can do, and can also read and disturb the answers to others.
package control
