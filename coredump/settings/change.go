package settings

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"

	"supervise/coredump"
	"supervise/internal/safefile"
)

// Change is what settings are to be.
type Change map[Setting]string

// FileName is that of the file for [Set] and [Restore] in the runtime directory.
const FileName = "core-settings.json"

// saved is the content of the file.
type saved map[Setting]savedValue

type savedValue struct {
	Before string `json:"before"` // to be put back
	Ours   string `json:"ours"`   // what we have set
}

// savedSize is enough for all settings, whose values are short.
const savedSize = 16 << 10

// ForeignError says that a setting is somebody else's.
type ForeignError struct {
	Setting Setting
	Value   string
}

func (e *ForeignError) Error() string {
	return fmt.Sprintf("%s is %q, which somebody else has set: cores of the whole machine go there now; take them over with force", e.Setting, e.Value)
}

// Set changes settings, and saves in a file what they were, before it does. What is saved
// there already stays: it is from before our first change. The file's directory must belong to
// us, and exist.
//
// Without force a core_pattern is not changed, by a [*ForeignError], that is neither the
// kernel's own "core" nor ours by the file. Where one setting fails, those before are put back.
func Set(file string, change Change, force bool) error {
	if text, ok := change[Pattern]; ok {
		if _, err := coredump.ParsePattern(text); err != nil {
			return err
		}
	}
	lock, err := open(file)
	if err != nil {
		return err
	}
	defer lock.Close()
	old, err := load(file)
	if err != nil {
		return err
	}
	now, err := plan(old, change, force)
	if err != nil {
		return err
	}
	if err := lock.store(file, now); err != nil {
		return err
	}
	for i, s := range settings {
		value, ok := change[s]
		if !ok {
			continue
		}
		if err := s.write(value); err != nil {
			for _, done := range settings[:i] {
				if _, ok := change[done]; ok {
					err = errors.Join(err, done.write(undone(old, now, done)))
				}
			}
			return errors.Join(err, lock.store(file, old))
		}
	}
	return nil
}

// undone is what a setting was right before the change: ours of an earlier one, or what that
// had found.
func undone(old, now saved, s Setting) string {
	if value, ok := old[s]; ok && value.Before == now[s].Before {
		return value.Ours
	}
	return now[s].Before
}

// plan is the file's content with a change.
func plan(old saved, change Change, force bool) (saved, error) {
	now := saved{}
	for s, value := range old {
		now[s] = value
	}
	for s, value := range change {
		present, err := s.read()
		if err != nil {
			return nil, fmt.Errorf("cannot read %s: %w", s, bare(err))
		}
		mine, ok := old[s]
		ours := ok && mine.Ours == present
		if s == Pattern && !ours && !force && present != value && present != "core" && present != "" {
			return nil, &ForeignError{s, present}
		}
		if !ours {
			mine.Before = present
		}
		mine.Ours = value
		now[s] = mine
	}
	return now, nil
}

// Restore puts back what [Set] has saved in a file, of this process or of one that was killed,
// and removes the file. What somebody has changed since is left as it is, and returned with its
// value. Without a file there is nothing to do.
func Restore(file string) (left Change, err error) {
	lock, err := open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer lock.Close()
	old, err := load(file)
	if err != nil {
		return nil, err
	}
	left = Change{}
	for _, s := range settings {
		value, ok := old[s]
		if !ok {
			continue
		}
		present, failed := s.read()
		switch {
		case failed != nil:
			err = errors.Join(err, fmt.Errorf("cannot read %s: %w", s, bare(failed)))
		case present == value.Ours && present != value.Before:
			err = errors.Join(err, s.write(value.Before))
		case present != value.Ours && present != value.Before:
			left[s] = present
		}
	}
	if err == nil {
		err = lock.store(file, nil)
	}
	return left, err
}

// Saved returns what the file says: the settings that are ours now, with what [Restore] would
// put back.
func Saved(file string) (before Change, err error) {
	old, err := load(file)
	before = Change{}
	for s, value := range old {
		before[s] = value.Before
	}
	return before, err
}

// directory is that of the file. There is one change at a time: a file beside it is locked.
type directory struct {
	*safefile.Dir
	lock string // name
	fd   int
}

func open(file string) (*directory, error) {
	dir, err := safefile.OpenDir(filepath.Dir(file), safefile.Ours)
	if err != nil {
		return nil, fmt.Errorf("cannot save the settings of cores in %s: %w", file, err)
	}
	d := &directory{dir, filepath.Base(file) + ".lock", -1}
	for {
		gone, err := d.tryLock()
		if err != nil {
			dir.Close()
			return nil, fmt.Errorf("cannot lock %s.lock: %w", file, err)
		}
		if !gone {
			return d, nil
		}
	}
}

// tryLock waits for the lock. The one before may have removed the file since it was opened.
func (d *directory) tryLock() (gone bool, err error) {
	d.fd, err = d.OpenLog(d.lock, unix.O_WRONLY|unix.O_CREAT, 0o600)
	if err != nil {
		return false, err
	}
	err = unix.EINTR
	for err == unix.EINTR {
		err = unix.Flock(d.fd, unix.LOCK_EX)
	}
	var mine, there unix.Stat_t
	if err == nil {
		err = unix.Fstat(d.fd, &mine)
	}
	if err != nil {
		_ = unix.Close(d.fd)
		return false, err
	}
	there, err = d.Lstat(d.lock)
	if err == nil && mine.Ino == there.Ino {
		return false, nil
	}
	_ = unix.Close(d.fd)
	return true, nil
}

// Close removes the lock, so that nothing is left behind, and lets go of it.
func (d *directory) Close() {
	_ = d.Remove(d.lock)
	_ = unix.Close(d.fd)
	d.Dir.Close()
}

// load reads the file; without one nothing is saved.
func load(file string) (saved, error) {
	text, err := safefile.Read(file, savedSize, safefile.Ours)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read what the settings of cores were: %w", err)
	}
	values := saved{}
	if err := json.Unmarshal(text, &values); err != nil {
		return nil, fmt.Errorf("cannot read what the settings of cores were: %s: %w; set them yourself and remove the file", file, err)
	}
	for s := range values {
		if !slices.Contains(settings, s) {
			return nil, fmt.Errorf("%s has %q in it, which is no setting of cores: was it written by another program?", file, s)
		}
	}
	return values, nil
}

// store writes the file as a whole, or removes it where nothing is saved.
func (d *directory) store(file string, values saved) error {
	name := filepath.Base(file)
	if len(values) == 0 {
		if err := d.Remove(name); err != nil && err != unix.ENOENT {
			return fmt.Errorf("cannot remove %s: %w", file, err)
		}
		return nil
	}
	text, err := json.MarshalIndent(values, "", "  ")
	if err != nil {
		return err
	}
	temporary := name + ".new"
	_ = d.Remove(temporary)
	fd, err := d.OpenLog(temporary, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL, 0o600)
	if err == nil {
		_, err = unix.Write(fd, append(text, '\n'))
		err = errors.Join(err, unix.Close(fd))
	}
	if err == nil {
		err = d.Rename(temporary, name)
	}
	if err != nil {
		return fmt.Errorf("cannot save the settings of cores in %s: %w", file, err)
	}
	return nil
}
