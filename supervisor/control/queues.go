package control

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"supervise/internal/ipc"
	"supervise/internal/sys"
	"supervise/supervisor/control/wire"
)

// The letters that make the keys of the queues with the runtime directory: ftok(3).
const (
	requestLetter = 'Q'
	replyLetter   = 'R'
)

var (
	requestKind = ipc.Queue{Owned: true}
	replyKind   = ipc.Queue{}
)

// queues are the two queues of one supervisor as written to the file. Clients read only a
// part of it.
type queues struct {
	wire.Queues
	Requests  ipc.Object `json:"requests"`
	Replies   ipc.Object `json:"replies"`
	directory *os.Root
}

// openQueues makes the queues of a runtime directory, which must belong to the calling
// process alone, and the file that names them. It removes queues that a killed supervisor of
// the directory left behind; left is their number.
func openQueues(dir *os.Root, perm ipc.Permission) (q *queues, left int, err error) {
	left = removeStale(dir)
	q = &queues{Queues: wire.Queues{Version: wire.Version, Owner: ipc.Self()}, directory: dir}
	defer func() {
		if err != nil {
			q.remove()
			q, err = nil, fmt.Errorf("cannot make the message queues of %s: %w", dir.Name(), err)
		}
	}()
	key, err := ipc.Key(dir, requestLetter)
	if err != nil {
		return q, left, err
	}
	if q.Requests, err = ipc.Claim(requestKind, key, nil); err != nil {
		return q, left, os.NewSyscallError("msgget", err)
	}
	// Only clients receive from the reply queue, so that the kernel does not tell whose it
	// is. It was abandoned if the request queue was, which is made before it and removed
	// after it.
	abandoned := func(int) bool { return q.Requests.Removed }
	key, _ = ipc.Key(dir, replyLetter)
	if q.Replies, err = ipc.Claim(replyKind, key, abandoned); err != nil {
		return q, left, os.NewSyscallError("msgget", err)
	}
	for _, o := range []ipc.Object{q.Requests, q.Replies} {
		if o.Removed {
			left++
		}
	}
	q.Request, q.Reply, q.Size = q.Requests.ID, q.Replies.ID, frameSize(q.Requests.ID)
	if err = q.allow(perm); err != nil {
		return q, left, err
	}
	return q, left, q.write()
}

// write writes the file that names the queues. It is no secret: everybody who can enter the
// directory may read it.
func (q *queues) write() error {
	return ipc.WriteFile(q.directory, wire.FileName, q, ipc.Permission{Mode: 0o644, Group: -1})
}

func (q *queues) allow(perm ipc.Permission) error {
	if err := q.Requests.Allow(requestKind, intoPermission(perm)); err != nil {
		return os.NewSyscallError("msgctl", err)
	}
	return os.NewSyscallError("msgctl", q.Replies.Allow(replyKind, perm))
}

// frameSize returns the longest message in bytes: the limits of the system and of the queue
// can be lower than ours.
func frameSize(id int) int {
	size := wire.MaxFrame
	if text, err := sys.ReadFile("/proc/sys/kernel/msgmax"); err == nil {
		if most, err := strconv.Atoi(strings.TrimSpace(text)); err == nil {
			size = min(size, most)
		}
	}
	if stat, err := sys.MsgStat(id); err == nil {
		size = min(size, int(stat.MaxBytes))
	}
	return max(size, wire.HeaderSize+1)
}

// removeStale removes the queues that the directory's file names, if the process that made
// them is gone.
func removeStale(dir *os.Root) (left int) {
	var old queues
	if ipc.ReadOwn(dir, wire.FileName, &old) != nil {
		return 0
	}
	if old.Replies.RemoveStale(replyKind, old.Owner) {
		left++
	}
	if old.Requests.RemoveStale(requestKind, old.Owner) {
		left++
	}
	return left
}

// remove removes the queues and their file. Whoever waits for them gets EIDRM.
func (q *queues) remove() {
	_ = q.directory.Remove(wire.FileName)
	if q.Replies.Stamp != 0 {
		_ = q.Replies.Remove(replyKind)
	}
	if q.Requests.Stamp != 0 {
		_ = q.Requests.Remove(requestKind)
	}
}
