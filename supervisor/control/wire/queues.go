package wire

import (
	"errors"
	"strconv"
	"syscall"

	"supervise/internal/ipc/owner"
	"supervise/internal/sys"
	"supervise/internal/text/json"
)

// FileName is the file of a runtime directory that names its queues.
const FileName = "msgq.json"

// Queues are the two queues of one supervisor, as the file describes them to clients.
type Queues struct {
	Version int         `json:"version"`
	Request int         `json:"request"` // id of the queue of requests
	Reply   int         `json:"reply"`   // id of the queue of replies
	Size    int         `json:"size"`    // of the longest message that either takes, in bytes
	Owner   owner.Owner `json:"owner"`
}

// Exist reports whether the request queue still exists.
func (q *Queues) Exist() bool {
	_, err := sys.MsgStat(q.Request)
	return !errors.Is(err, syscall.EINVAL) && !errors.Is(err, syscall.EIDRM)
}

// NotRunningError says that no supervisor runs in a directory.
type NotRunningError struct {
	Dir string
	PID int // of one that was killed there and left its files, or 0
}

func (e *NotRunningError) Error() string {
	text := "no supervise runs in " + e.Dir
	if e.PID != 0 {
		text += " (pid " + strconv.Itoa(e.PID) + " did, and was killed)"
	}
	return text
}

// Find returns the queues of the supervisor that runs in a directory. A [*NotRunningError]
// says that there is none.
func Find(dir string) (*Queues, error) {
	text, err := sys.ReadFile(dir + "/" + FileName)
	switch {
	case errors.Is(err, syscall.ENOENT):
		return nil, &NotRunningError{Dir: dir}
	case err != nil:
		return nil, &findError{dir, err}
	}
	q, ok := parse(text)
	switch {
	case !ok:
		return nil, &findError{dir, errors.New(FileName + " cannot be read")}
	case q.Version != Version || q.Size <= HeaderSize:
		return nil, errors.New("cannot talk to the supervise of " + dir + ": it has version " + strconv.Itoa(q.Version) +
			" of the interface, this is version " + strconv.Itoa(Version))
	case !q.Owner.Alive():
		return nil, &NotRunningError{Dir: dir, PID: q.Owner.PID}
	}
	return &q, nil
}

// findError is an error of [Find] with the directory.
type findError struct {
	dir   string
	cause error
}

func (e *findError) Error() string {
	return "cannot find the message queues of " + e.dir + ": " + e.cause.Error()
}
func (e *findError) Unwrap() error { return e.cause }

// Open is [Find] without allocation, for a file that is given as a C string and an owner that
// is at work: else it is not ok. The memory is to read files into.
func Open(path *byte, memory []byte) (q Queues, ok bool) {
	text, errno := sys.ReadInto(path, memory)
	if errno != 0 {
		return q, false
	}
	q, ok = parse(text)
	return q, ok && q.Version == Version && q.Size > HeaderSize && q.Owner.Working(memory)
}

// parse reads the file; ok is false if it is not valid.
func parse(text string) (q Queues, ok bool) {
	r := json.Over(text)
	for r.Begin('{'); r.More('}'); {
		switch r.Name() {
		case "version":
			q.Version = int(r.Int())
		case "request":
			q.Request = int(r.Int())
		case "reply":
			q.Reply = int(r.Int())
		case "size":
			q.Size = int(r.Int())
		case "owner":
			q.Owner = owner.Read(&r)
		default:
			r.Skip()
		}
	}
	return q, r.OK()
}
