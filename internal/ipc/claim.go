package ipc

import (
	"errors"
	"os"
	"syscall"

	"supervise/internal/ipc/owner"
	"supervise/internal/sys"
)

// Object is one System V object, as it stands in the file for clients.
type Object struct {
	ID    int   `json:"id"`
	Key   int32 `json:"key"` // 0: its key was somebody else's, so that it has none
	Stamp int64 `json:"stamp"`

	// Removed says that one was removed that a killed supervise had left under the key.
	Removed bool `json:"-"`
}

// Claim makes an object for a key, for the calling process alone until [Object.Allow].
// What is there already and was left behind is removed; stale tells that of an object, and
// nil asks the kernel who used it last. What is somebody else's stays, and the new object
// has no key. The error is the get call's: ENOSPC when the limit of the system is reached.
func Claim(kind Kind, key int32, stale func(id int) bool) (Object, error) {
	if stale == nil {
		stale = func(id int) bool { return abandoned(kind, id) }
	}
	object := Object{Key: key}
	for range 3 { // others may make and remove them too
		id, err := kind.get(object.Key, sys.IPCCreate|sys.IPCExclusive)
		if !errors.Is(err, syscall.EEXIST) {
			object.ID = id
			return object.made(kind, err)
		}
		old, err := find(kind, key)
		switch {
		case errors.Is(err, syscall.ENOENT):
		case err == nil && stale(old) && kind.remove(old) == nil:
			object.Removed = true
		default:
			object.Key = sys.IPCPrivate
		}
	}
	var err error
	object.Key = sys.IPCPrivate
	object.ID, err = kind.get(sys.IPCPrivate, sys.IPCCreate|sys.IPCExclusive)
	return object.made(kind, err)
}

// made marks a new object as ours.
func (o Object) made(kind Kind, err error) (Object, error) {
	if err != nil {
		return o, err
	}
	if err = kind.mark(o.ID); err == nil {
		o.Stamp, err = kind.stamp(o.ID)
	}
	if err != nil {
		_ = kind.remove(o.ID)
	}
	return o, err
}

// Allow gives the object its group and mode.
func (o *Object) Allow(kind Kind, perm Permission) error {
	err := kind.allow(o.ID, perm)
	if err == nil {
		o.Stamp, err = kind.stamp(o.ID)
	}
	return err
}

// Remove removes the object if it is still the one that was made.
func (o Object) Remove(kind Kind) error {
	stamp, err := kind.stamp(o.ID)
	if err != nil {
		return err
	}
	if stamp != o.Stamp {
		return syscall.EIDRM
	}
	return kind.remove(o.ID)
}

// Bury removes an object of a file of a process that is gone, and says whether it was
// still there.
func (o Object) Bury(kind Kind, owner Owner) bool {
	return !owner.Alive() && o.Remove(kind) == nil
}

// find returns the object that a key has now, whatever its size.
func find(kind Kind, key int32) (int, error) {
	switch kind.(type) {
	case Memory:
		kind = Memory(0)
	case Semaphores:
		kind = Semaphores(0)
	}
	return kind.get(key, 0)
}

// abandoned reports whether the last process that used an object is gone. One that nobody
// has used yet is being made by somebody.
func abandoned(kind Kind, id int) bool {
	pid, err := kind.user(id)
	return err == nil && pid != 0 && pid != os.Getpid() && !owner.Running(pid)
}
