package output

import (
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"supervise/config"
	"supervise/config/accounts"
	"supervise/internal/safefile"
	"supervise/supervisor/logs"
)

// target is what matters of the log settings of a service. The zero value is the console.
type target struct {
	mode   config.LogMode
	drops  bool         // lines are dropped rather than waited for
	file   string       // path of the log file; "" for none
	config *logs.Config // how that is written
}

func (t target) equal(other target) bool {
	if t.file == "" || other.file == "" {
		return t == other
	}
	return t.mode == other.mode && t.drops == other.drops && t.file == other.file && *t.config == *other.config
}

// targetOf returns those of the settings that count in their mode. It may ask the databases of
// users.
func targetOf(log config.Log) (target, error) {
	drops, err := dropsOf(log.WhenFull)
	if err != nil {
		return target{}, err
	}
	switch log.Mode {
	case config.Prefix:
		return target{mode: log.Mode, drops: drops}, nil
	case config.Inherit, config.Discard:
		return target{mode: log.Mode}, nil
	case config.ToFile:
		if log.File == "" {
			return target{}, errors.New(`log mode "file" without a file`)
		}
		c, err := fileConfig(log)
		return target{mode: log.Mode, file: log.File, config: &c, drops: drops}, err
	}
	return target{}, fmt.Errorf("unknown log mode %d", log.Mode)
}

func dropsOf(when config.WhenStuck) (bool, error) {
	switch when {
	case config.WaitForRoom:
		return false, nil
	case config.DropLines:
		return true, nil
	}
	return false, fmt.Errorf("unknown when-full %d", when)
}

func fileConfig(log config.Log) (c logs.Config, err error) {
	c = logs.Config{
		Stderr:   log.Stderr,
		Rotation: logs.Rotation{MaxSize: log.MaxSize, Keep: log.Keep, MaxAge: log.MaxAge},
		Access:   logs.Access{Mode: log.Permissions},
	}
	if c.Format, err = formatOf(log.Format); err != nil {
		return c, err
	}
	switch log.Compress {
	case config.NoCompression:
	case config.Gzip:
		c.Compress = true
	default:
		return c, fmt.Errorf("unknown compression %d", log.Compress)
	}
	if log.Owner == "" && log.Group == "" {
		return c, nil
	}
	c.Owned, c.UID, c.GID = true, -1, -1
	if log.Owner != "" {
		uid, err := accounts.UID(log.Owner)
		if err != nil {
			return c, fmt.Errorf("cannot find the owner of log file %q: %w", log.File, err)
		}
		c.UID = int(uid)
	}
	if log.Group != "" {
		gid, err := accounts.GID(log.Group)
		if err != nil {
			return c, fmt.Errorf("cannot find the group of log file %q: %w", log.File, err)
		}
		c.GID = int(gid)
	}
	return c, nil
}

func formatOf(format config.LogFormat) (logs.Format, error) {
	switch format {
	case config.AutoFormat, config.Text:
		return logs.Text, nil
	case config.JSON:
		return logs.JSON, nil
	}
	return 0, fmt.Errorf("unknown log format %d", format)
}

func (t target) onConsole() bool { return t.mode == config.Prefix }

// Destination is where the output of a service will go, opened if that was possible. It must
// be given to a [Route] or closed.
type Destination struct {
	target  target
	pump    *logs.Pump // nil in mode inherit, and if the file is missing
	missing error
}

// Missing says why the log file could not be opened; nil if it was, or if there is none.
func (d Destination) Missing() error { return d.missing }

// Close closes a destination that was not given to a route.
func (d Destination) Close() {
	if d.pump != nil && d.target.file != "" {
		d.pump.Close()
	}
}

// Open opens what the log settings of a service name. It may be called on any goroutine,
// and may wait for a disk, but not for ever. An unknown mode or format is an error. A file that
// cannot be opened is not: see [Destination.Missing].
func (o *Outputs) Open(log config.Log) (Destination, error) {
	t, err := targetOf(log)
	if err != nil {
		return Destination{}, err
	}
	if t.mode != config.ToFile {
		return o.open(t), nil
	}
	return o.openSoon(t), nil
}

// How long to wait for a log file to be opened, and for each further one while the last was
// waited for in vain.
const (
	openPatience   = time.Second
	openImpatience = 5 * time.Millisecond
)

// openSoon is open, unless that takes too long: the file system may not answer.
func (o *Outputs) openSoon(t target) Destination {
	opened := make(chan Destination, 1)
	go func() { opened <- o.open(t) }()
	patience := openPatience
	if o.hanging.Load() {
		patience = openImpatience
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case d := <-opened:
		o.hanging.Store(false)
		return d
	case <-timer.C:
	}
	o.hanging.Store(true)
	go func() { (<-opened).Close() }()
	return Destination{target: t, missing: fmt.Errorf("cannot open log file %q: its file system does not answer", t.file)}
}

func (o *Outputs) open(t target) Destination {
	d := Destination{target: t}
	switch t.mode {
	case config.Discard:
		d.pump = o.nowhere
	case config.Prefix:
		d.pump = o.console
	case config.Inherit: // the service writes to the supervisor's descriptors itself
	case config.ToFile:
		d.pump, d.missing = o.logs.File(t.file, *t.config)
	}
	return d
}

// Check is Open for a dry run: it finds out what would be missing, and creates nothing. Its
// result must not be given to a route.
func Check(log config.Log) (Destination, error) {
	t, err := targetOf(log)
	if err != nil || t.file == "" {
		return Destination{target: t}, err
	}
	for _, path := range []string{t.file, t.config.Stderr} {
		if path == "" {
			continue
		}
		if err = checkFile(path); err != nil {
			return Destination{target: t, missing: fmt.Errorf("cannot open log file %q: %w", path, err)}, nil
		}
	}
	return Destination{target: t}, nil
}

func checkFile(path string) error {
	dir, err := safefile.OpenDir(filepath.Dir(path), safefile.OurLinks)
	if err != nil {
		return err
	}
	defer dir.Close()
	err = dir.CheckLog(filepath.Base(path))
	if errors.Is(err, unix.ENOENT) {
		err = unix.Faccessat(dir.FD(), ".", unix.W_OK|unix.X_OK, unix.AT_EACCESS)
	}
	return err
}
