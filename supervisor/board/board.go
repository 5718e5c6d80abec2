package board

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"supervise/internal/ipc"
	"supervise/internal/sys"
	"supervise/supervisor/board/segment"
	"supervise/supervisor/status"
)

// The letters that make the keys with the runtime directory: ftok(3).
const (
	memoryLetter    = 'B'
	semaphoreLetter = 'S'
)

// Options is what a board needs.
type Options struct {
	Dir   *os.Root // the runtime directory, which belongs to the caller alone
	Slots int      // how many are in use
	Mode  uint32   // who beside the owner may read: 0600, 0640, 0644
	Group int      // -1 is the process's own
}

// file is what the file says, also to the next supervisor of the directory.
type file struct {
	segment.File
	Segment ipc.Object `json:"segment"`
	Set     ipc.Object `json:"set"`
}

// Board is the writer's side. It belongs to one goroutine.
type Board struct {
	options    Options
	perm       ipc.Permission
	file       file
	view       segment.View
	generation uint64
	number     number
	dirty      bool
	mute       bool // there are no semaphores any more
	ops        []sys.SemOp
}

// Create makes the board of a runtime directory. What a killed supervisor of the directory
// has left is removed; left says how many objects that was.
func Create(options Options) (b *Board, left int, err error) {
	b = &Board{options: options}
	b.perm = ipc.Permission{Mode: options.Mode&0o044 | 0o600, Group: options.Group}
	b.file.Version, b.file.Owner = segment.Version, ipc.Self()
	var old file
	if ipc.ReadOwn(options.Dir, segment.FileName, &old) == nil {
		for _, buried := range []bool{
			old.Segment.RemoveStale(ipc.Memory(0), old.Owner), old.Set.RemoveStale(ipc.Semaphores(semaphores), old.Owner),
		} {
			if buried {
				left++
			}
		}
	}
	defer func() {
		if err != nil {
			b.Close()
			b, err = nil, fmt.Errorf("cannot make the status board of %s: %w", options.Dir.Name(), err)
		}
	}()
	if err := b.claimSet(); err != nil {
		return b, left, err
	}
	if err := b.move(options.Slots, segment.View{}); err != nil {
		return b, left, err
	}
	if b.file.Set.Removed {
		left++
	}
	if b.file.Segment.Removed {
		left++
	}
	return b, left, nil
}

func (b *Board) claimSet() (err error) {
	key, err := ipc.Key(b.options.Dir, semaphoreLetter)
	if err != nil {
		return err
	}
	kind := ipc.Semaphores(semaphores)
	if b.file.Set, err = ipc.Claim(kind, key, nil); err != nil {
		return os.NewSyscallError("semget", err)
	}
	b.file.Semaphores = b.file.Set.ID
	if err := sys.SemSetValues(b.file.Semaphores, number(0).values()); err != nil {
		return os.NewSyscallError("semctl", err)
	}
	return os.NewSyscallError("semctl", b.file.Set.Allow(kind, b.perm))
}

// spare is how many more slots a segment has than are in use at first.
func spare(used int) int { return max(32, used/2) }

// grow puts a larger segment in the place of the present one, of which the key is needed:
// it is removed first, and who has it attached can read on. If there can be no larger one
// these readers, and we, keep it.
func (b *Board) grow(used int) error {
	before := b.view
	_ = b.file.Segment.Remove(ipc.Memory(0))
	if err := b.move(used, before); err != nil {
		return err
	}
	before.Leave()
	before.Detach()
	return nil
}

// move makes a segment for that many services, with what stands in another one, and has the
// file name it.
func (b *Board) move(used int, before segment.View) (err error) {
	capacity := used + spare(used)
	kind := ipc.Memory(segment.Size(capacity))
	key, err := ipc.Key(b.options.Dir, memoryLetter)
	if err != nil {
		return err
	}
	object, err := ipc.Claim(kind, key, nil)
	if err != nil {
		return os.NewSyscallError("shmget", err)
	}
	defer func() {
		if err != nil {
			_ = object.Remove(kind)
		}
	}()
	memory, err := sys.ShmAttach(object.ID, 0)
	if err != nil {
		return os.NewSyscallError("shmat", err)
	}
	b.generation++
	now, err := segment.Format(memory, segment.Head{Capacity: capacity, Used: used, Owner: b.file.Owner, Generation: b.generation})
	if err != nil {
		return err
	}
	now.Copy(before)
	if err := object.Allow(kind, b.perm); err != nil {
		return os.NewSyscallError("shmctl", err)
	}
	b.view, b.dirty, b.file.Segment, b.file.Memory = now, true, object, object.ID
	return b.write()
}

// Resize has n slots in use, which keep their content, new ones being empty.
func (b *Board) Resize(n int) error {
	if n > b.view.Capacity() {
		if err := b.grow(n); err != nil {
			return fmt.Errorf("cannot make room on the status board of %s: %w", b.options.Dir.Name(), err)
		}
		return nil
	}
	b.view.Use(n)
	b.dirty = true
	return nil
}

// Work says whether the owner is at work, as it is from the beginning: from its log others
// may know of a change before it is set. It makes no system call.
func (b *Board) Work(busy bool) { b.view.Work(busy, time.Now().Unix()) }

// Set shows a service in slot i, which is in use; the zero Service empties it. It makes no
// system call.
func (b *Board) Set(i int, s *status.Service) {
	if b.view.Store(i, s) {
		b.dirty = true
	}
}

// Publish wakes all who wait for a change, if there was one: one semop(2) that never
// waits. An error says, once, that somebody has removed or changed the semaphores, and
// whether there are new ones; without them nobody is woken any more.
func (b *Board) Publish() error {
	if !b.dirty || b.mute {
		return nil
	}
	b.dirty = false
	b.view.Changed()
	b.number, b.ops = b.number.advance(b.ops[:0])
	err := sys.SemTry(b.file.Semaphores, b.ops)
	if err == nil {
		return nil
	}
	if failed := b.repair(err); failed != nil {
		b.mute = true
		return fmt.Errorf("cannot wake those who watch the status board: semop: %w; %w", err, failed)
	}
	return fmt.Errorf("the semaphores of the status board were removed or changed by somebody, and are made anew: semop: %w", err)
}

// repair puts the semaphores right after an error of a change.
func (b *Board) repair(cause error) error {
	if errors.Is(cause, syscall.EAGAIN) || errors.Is(cause, syscall.ERANGE) {
		return os.NewSyscallError("semctl", sys.SemSetValues(b.file.Semaphores, b.number.values()))
	}
	b.number = 0
	_ = b.file.Set.Remove(ipc.Semaphores(semaphores)) // if it is there after all
	if err := b.claimSet(); err != nil {
		return err
	}
	return b.write()
}

// Move has the board named in another directory: the one that it has is not where it was any
// more.
func (b *Board) Move(dir *os.Root) error {
	_ = b.options.Dir.Remove(segment.FileName)
	b.options.Dir = dir
	if err := b.write(); err != nil {
		return fmt.Errorf("cannot name the status board in %s: %w", dir.Name(), err)
	}
	return nil
}

// write has the file say where the board is.
func (b *Board) write() error {
	return ipc.WriteFile(b.options.Dir, segment.FileName, b.file, ipc.Permission{Mode: 0o644, Group: -1})
}

// Close removes the board. Those who have it open can read it on; those who wait are woken.
func (b *Board) Close() {
	_ = b.options.Dir.Remove(segment.FileName)
	if b.view.Some() {
		b.view.Leave()
		b.view.Detach()
		b.view = segment.View{}
	}
	if b.file.Segment.Stamp != 0 {
		_ = b.file.Segment.Remove(ipc.Memory(0))
	}
	if b.file.Set.Stamp != 0 {
		_ = b.file.Set.Remove(ipc.Semaphores(semaphores))
	}
}
