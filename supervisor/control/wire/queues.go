package wire

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"

	"supervise/internal/ipc"
	"supervise/internal/sys"
)

// FileName is the file of a runtime directory that says which queues are its own.
const FileName = "msgq.json"

// The letters that make the keys of the queues with the runtime directory: ftok(3).
const (
	requestLetter = 'Q'
	replyLetter   = 'R'
)

var (
	requestKind = ipc.Queue{Owned: true}
	replyKind   = ipc.Queue{}
)

// Queues are the two queues of one supervisor, as the file describes them.
type Queues struct {
	Version   int        `json:"version"`
	Request   int        `json:"request"` // id of the queue of requests
	Reply     int        `json:"reply"`   // id of the queue of replies
	Size      int        `json:"size"`    // of the longest message that either takes
	Owner     ipc.Owner  `json:"owner"`
	Requests  ipc.Object `json:"requests"`
	Replies   ipc.Object `json:"replies"`
	directory string
}

// Create makes the queues of a runtime directory that belongs to the calling process
// alone, and the file that names them. What a killed supervisor of the directory has left
// is removed; left says how many queues that was.
func Create(dir string, perm ipc.Permission) (q *Queues, left int, err error) {
	left = bury(dir)
	q = &Queues{Version: Version, Owner: ipc.Self(), directory: dir}
	defer func() {
		if err != nil {
			q.Remove()
			q, err = nil, fmt.Errorf("cannot make the message queues of %s: %w", dir, err)
		}
	}()
	key, err := sys.Ftok(dir, requestLetter)
	if err != nil {
		return q, left, os.NewSyscallError("stat", err)
	}
	if q.Requests, err = ipc.Claim(requestKind, key, nil); err != nil {
		return q, left, os.NewSyscallError("msgget", err)
	}
	// Nobody but clients ever receives from the queue of replies, so that the kernel does
	// not tell whose it is. Its fate is that of its companion: the one is made before the
	// other and removed after it.
	fate := func(int) bool { return q.Requests.Removed }
	key, _ = sys.Ftok(dir, replyLetter)
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
	// The file is for everybody who may look into the directory: it is no secret.
	return q, left, ipc.WriteFile(dir, FileName, q, ipc.Permission{Mode: 0o644, Group: -1})
}

func (q *Queues) allow(perm ipc.Permission) error {
	if err := q.Requests.Allow(requestKind, perm); err != nil {
		return os.NewSyscallError("msgctl", err)
	}
	return os.NewSyscallError("msgctl", q.Replies.Allow(replyKind, perm))
}

// frameSize is how long a message may be: the limits of the system and of the queue can
// both be lower than ours.
func frameSize(id int) int {
	size := MaxFrame
	if text, err := sys.ReadFile("/proc/sys/kernel/msgmax"); err == nil {
		if most, err := strconv.Atoi(strings.TrimSpace(text)); err == nil {
			size = min(size, most)
		}
	}
	if stat, err := sys.MsgStat(id); err == nil {
		size = min(size, int(stat.MaxBytes))
	}
	return max(size, HeaderSize+1)
}

// bury removes the queues that the file of the directory names, if who made them is gone.
func bury(dir string) (left int) {
	var old Queues
	if ipc.ReadFile(dir, FileName, &old) != nil {
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

// Remove removes the queues and their file. Who waits for them gets EIDRM.
func (q *Queues) Remove() {
	_ = os.Remove(q.directory + "/" + FileName)
	if q.Replies.Stamp != 0 {
		_ = q.Replies.Remove(replyKind)
	}
	if q.Requests.Stamp != 0 {
		_ = q.Requests.Remove(requestKind)
	}
}

// There reports whether the queue of requests has not been removed.
func (q *Queues) There() bool {
	_, err := sys.MsgStat(q.Request)
	return !errors.Is(err, syscall.EINVAL) && !errors.Is(err, syscall.EIDRM)
}

// NotRunningError says that no supervisor runs in a directory.
type NotRunningError struct {
	Dir string
	PID int // of one that ran there and left its files, or 0
}

func (e *NotRunningError) Error() string {
	text := "no supervise runs in " + e.Dir
	if e.PID != 0 {
		text += " (pid " + strconv.Itoa(e.PID) + " did, and was killed)"
	}
	return text
}

// Find returns the queues of the supervisor that runs in a directory. A
// [*NotRunningError] says that there is none.
func Find(dir string) (*Queues, error) {
	q := &Queues{directory: dir}
	err := ipc.ReadFile(dir, FileName, q)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, &NotRunningError{Dir: dir}
	case err != nil:
		return nil, fmt.Errorf("cannot find the message queues of %s: %w", dir, err)
	case q.Version != Version || q.Size <= HeaderSize:
		return nil, fmt.Errorf("cannot talk to the supervise of %s: it has version %d of the interface, this is version %d", dir, q.Version, Version)
	case !q.Owner.Alive():
		return nil, &NotRunningError{Dir: dir, PID: q.Owner.PID}
	}
	return q, nil
}
