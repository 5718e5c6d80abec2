package segment

import (
	"errors"
	"strconv"
	"syscall"

	"supervise/internal/ipc/owner"
	"supervise/internal/sys"
	"supervise/internal/text/json"
)

// FileName is the file of a runtime directory that says where its board is.
const FileName = "board.json"

// ErrMoved says that the file names a segment that is no more: there is a new one soon, or
// there is no board.
const ErrMoved = constant("the segment was removed")

// File is what the file says to who reads the board.
type File struct {
	Version    int         `json:"version"`
	Memory     int         `json:"memory"`     // id of the segment
	Semaphores int         `json:"semaphores"` // id of the set
	Owner      owner.Owner `json:"owner"`
}

// Find reads the file of a runtime directory. ENOENT says that there is no board,
// [ErrLayout] that it is of another version; the rest is open(2).
func Find(dir string) (f File, err error) {
	err = sys.ReadProc(dir+"/"+FileName, func(text string) error {
		var ok bool
		if f, ok = parse(text); !ok {
			return &layoutError{FileName + " cannot be read"}
		}
		return nil
	})
	if err == nil && f.Version != Version {
		err = &layoutError{"the file has version " + strconv.Itoa(f.Version)}
	}
	return f, err
}

// parse reads the file; ok is false when it is none. What follows the owner is for others.
func parse(text string) (f File, ok bool) {
	r := json.Over(text)
	for r.Begin('{'); r.More('}'); {
		switch r.Name() {
		case "version":
			f.Version = int(r.Int())
		case "memory":
			f.Memory = int(r.Int())
		case "semaphores":
			f.Semaphores = int(r.Int())
		case "owner":
			f.Owner = owner.Read(&r)
		default:
			r.Skip()
		}
	}
	return f, r.OK()
}

// Open is [Find] and [File.Attach] without allocation, for a file that is given as a C string
// and an owner that is at work: else there is no view. The memory is to read files into.
func Open(path *byte, memory []byte) View {
	text, errno := sys.ReadInto(path, memory)
	if errno != 0 {
		return View{}
	}
	f, ok := parse(text)
	if !ok || f.Version != Version || !f.Owner.Working(memory) {
		return View{}
	}
	attached, errno := sys.Attach(f.Memory, sys.ShmReadOnly)
	if errno != 0 {
		return View{}
	}
	v, ok := look(attached)
	if !ok || v.owner() != f.Owner {
		return View{}
	}
	return v
}

// Attach attaches the segment, to be read. [ErrMoved], [ErrLayout], or an error of shmat(2):
// EACCES.
func (f *File) Attach() (View, error) {
	memory, err := sys.ShmAttach(f.Memory, sys.ShmReadOnly)
	switch {
	case errors.Is(err, syscall.EINVAL), errors.Is(err, syscall.EIDRM):
		return View{}, ErrMoved
	case err != nil:
		return View{}, err
	}
	v, err := Look(memory)
	if err == nil && v.owner() != f.Owner {
		err = ErrMoved // its id is somebody else's by now
	}
	if err != nil {
		_ = sys.ShmDetach(memory)
		return View{}, err
	}
	return v, nil
}
