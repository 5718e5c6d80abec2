package ipc

import (
	"errors"
	"os"
	"syscall"

	"supervise/internal/ipc/owner"
	"supervise/internal/sys"
)

// Object is one System V object, as described in the file for clients.
type Object struct {
	ID    int   `json:"id"`
	Key   int32 `json:"key"` // 0: it has none, as somebody else's object has the key
	Stamp int64 `json:"stamp"`

	// Removed says that an object was removed that a killed supervise left under the key.
	Removed bool `json:"-"`
}

// Claim makes an object for a key, which only the calling process may use until
// [Object.Allow]. An object that a dead process left under the key is removed; stale reports
// that of an object, and nil asks the kernel who used it last. Anybody else's stays, and the
// new object has no key. The error is the get call's: ENOSPC at the limit of the system.
func Claim(kind Kind, key int32, stale func(id int) bool) (Object, error) {
	if stale == nil {
		stale = func(id int) bool { return abandoned(kind, id) }
	}
	object := Object{Key: key}
	for range 3 { // others may make and remove them too
		id, err := kind.get(object.Key, sys.IPCCreate|sys.IPCExclusive)
		if !errors.Is(err, syscall.EEXIST) {
			object.ID = id
			return object.init(kind, err)
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
	return object.init(kind, err)
}

// init marks a new object as ours.
func (o Object) init(kind Kind, err error) (Object, error) {
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

// Allow sets the object's group and mode.
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

// RemoveStale removes an object that a file names if its owner is gone. It reports whether
// the object still existed.
func (o Object) RemoveStale(kind Kind, owner Owner) bool {
	return !owner.Alive() && o.Remove(kind) == nil
}

// find returns the object that has a key now, of any size.
func find(kind Kind, key int32) (int, error) {
	switch kind.(type) {
	case Memory:
		kind = Memory(0)
	case Semaphores:
		kind = Semaphores(0)
	}
	return kind.get(key, 0)
}

// abandoned reports whether the last process that used an object is gone. An object that
// nobody has used yet is just being made.
func abandoned(kind Kind, id int) bool {
	pid, err := kind.user(id)
	return err == nil && pid != 0 && pid != os.Getpid() && !owner.Running(pid)
}
