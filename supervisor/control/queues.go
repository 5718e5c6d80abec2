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

// queues are the two queues of one supervisor, as the file describes them: what clients
// need of it is a part.
type queues struct {
	wire.Queues
	Requests  ipc.Object `json:"requests"`
	Replies   ipc.Object `json:"replies"`
	directory *os.Root
}

// openQueues makes the queues of a runtime directory that belongs to the calling process
// alone, and the file that names them. What a killed supervisor of the directory has left
// is removed; left says how many queues that was.
func openQueues(dir *os.Root, perm ipc.Permission) (q *queues, left int, err error) {
	left = bury(dir)
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
	// Nobody but clients ever receives from the queue of replies, so that the kernel does
	// not tell whose it is. Its fate is that of its companion: the one is made before the
	// other and removed after it.
	fate := func(int) bool { return q.Requests.Removed }
	key, _ = ipc.Key(dir, replyLetter)
	if q.Replies, err = ipc.Claim(replyKind, key, fate); err != nil {
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

// write has the file name the queues. It is for everybody who may look into the directory:
// it is no secret.
func (q *queues) write() error {
	return ipc.WriteFile(q.directory, wire.FileName, q, ipc.Permission{Mode: 0o644, Group: -1})
}

func (q *queues) allow(perm ipc.Permission) error {
	if err := q.Requests.Allow(requestKind, perm); err != nil {
		return os.NewSyscallError("msgctl", err)
	}
	return os.NewSyscallError("msgctl", q.Replies.Allow(replyKind, perm))
}

// frameSize is how long a message may be: the limits of the system and of the queue can
// both be lower than ours.
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

// bury removes the queues that the file of the directory names, if who made them is gone.
func bury(dir *os.Root) (left int) {
	var old queues
	if ipc.ReadOwn(dir, wire.FileName, &old) != nil {
		return 0
	}
	if old.Replies.Bury(replyKind, old.Owner) {
		left++
	}
	if old.Requests.Bury(requestKind, old.Owner) {
		left++
	}
	return left
}

// remove removes the queues and their file. Who waits for them gets EIDRM.
func (q *queues) remove() {
	_ = q.directory.Remove(wire.FileName)
	if q.Replies.Stamp != 0 {
		_ = q.Replies.Remove(replyKind)
	}
	if q.Requests.Stamp != 0 {
		_ = q.Requests.Remove(requestKind)
	}
}
