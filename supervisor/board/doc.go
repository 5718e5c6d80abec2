// Package board is the status board: the state of every service in a System V segment of
// shared memory, which anybody who may can read without asking the supervisor, also while
// it is stopped, stuck or dead, and a set of semaphores by which watchers sleep until
// something changes. It shows what the supervisor puts there, and neither asks nor commands:
// that is package control's.
//
//	b, left, err := board.Create(options)      // the supervisor's loop:
//	b.Work(true)                               //   each turn: no system call
//	b.Set(i, &service)                         //   for each service that has changed: no system call
//	b.Publish()                                //   once a turn: one system call if something has
//	b.Work(false)
//	b.Close()
//
//	r, err := board.Open(dir)                  // a watcher:
//	mark, err := r.Mark()
//	all := r.Snapshot(nil)
//	err = r.Wait(ctx, mark)                    // sleeps until something changed after Mark
//
// # Where it is
//
// RUNTIME/board.json says which objects they are:
//
//	{"version":1,"memory":ID,"semaphores":ID,"owner":{"pid":PID,"start":TICKS},...
//
// in this order, in one line. Their keys are ftok(RUNTIME, 'B') and ftok(RUNTIME, 'S')
// unless these were taken: ftok has 16 bits of the inode, so go by the file.
//
// # The segment
//
// All numbers are in the machine's byte order; times are nanoseconds since 1970, 0 being
// none. The header has 64 bytes:
//
//	offset size
//	 0     4    magic, the bytes "SVBD"
//	 4     4    version, 1
//	 8     4    size of the header: where the first slot begins
//	12     4    size of a slot, 256
//	16     4    number of slots that there is room for
//	20     4    number of slots in use
//	24     4    1: moved, there is a newer segment (read board.json again), or none any more
//	28     4    pid of the owner
//	32     8    when the owner began: field 22 of /proc/PID/stat
//	40     8    generation: 1 for the first segment of an owner, and so on
//	48     8    number of changes that were published
//	56     4    1: the owner is at work, and may have told others already what is not shown yet
//	60     4    when the owner was last at work, in seconds since 1970, modulo 2^32; 0: unknown
//
// The slots follow, of 256 bytes each: [supervise/supervisor/status.Slot] says what stands in
// them.
//
// To read a slot: read the sequence until it is even, then the slot, then the sequence
// again; if it has changed, once more. Who dies while writing leaves it odd: do not try for
// ever.
//
// # The semaphores
//
// There are 49. The number g of changes, modulo 2^24, stands in the first 48: for bit i of
// g, semaphore 2i has the bit's value and semaphore 2i+1 the opposite. Semaphore 48 is
// always 1. All that changes from g to g+1 changes in one semop(2), so that GETALL always
// reads a number that was.
//
// To sleep until the number is not g any more takes only the permission to read: one
// semop(2) that waits for zero (sem_op 0) with IPC_NOWAIT on, for each bit i of g, the
// semaphore that is zero exactly if the bit is what it is in g (2i for 0, 2i+1 for 1), and
// then without IPC_NOWAIT on semaphore 48. If a bit differs already, that fails with
// EAGAIN at once; if all are the same, it sleeps on the last one, and the kernel looks at
// the operations again after each change of the set: EAGAIN then says that g is over. The
// number is compared and the sleep begun in one step inside the kernel, so that no change
// is missed; values are 0 or 1, so that none overflows; watchers change nothing, so that
// one that dies or hangs is nobody's concern. Read the number first and the slots after it.
package board
