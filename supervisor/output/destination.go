package output

import (
	"errors"
	"fmt"
	"path/filepath"

	"golang.org/x/sys/unix"

	"supervise/config"
	"supervise/internal/safefile"
	"supervise/supervisor/logs"
)

// target is what the log settings of a service come down to. The zero value is the console.
type target struct {
	file     string // the path of a log file, with its format and rotation; "" for none
	rotation logs.Rotation
	format   logs.Format
	inherit  bool // the service writes to the supervisor's descriptors itself
}

// targetOf is the one place that knows the log modes.
func targetOf(log config.Log) (target, error) {
	switch log.Mode {
	case config.Prefix:
		return target{}, nil
	case config.Inherit:
		return target{inherit: true}, nil
	case config.ToFile:
		if log.File == "" {
			return target{}, errors.New(`log mode "file" without a file`)
		}
		format, err := formatOf(log.Format)
		return target{file: log.File, format: format, rotation: logs.Rotation{MaxSize: log.MaxSize, Keep: log.Keep}}, err
	}
	return target{}, fmt.Errorf("unknown log mode %d", log.Mode)
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

func (t target) onConsole() bool { return !t.inherit && t.file == "" }

// Destination is where the output of a service is to go, already opened if that was possible.
// It must be given to a [Route] or closed.
type Destination struct {
	target  target
	pump    *logs.Pump // nil with target.inherit, and if the file is missing
	missing error
}

// Missing says why the log file could not be opened; nil if it was, or if there is none.
func (d Destination) Missing() error { return d.missing }

// Close gives up a destination that was given to no route.
func (d Destination) Close() {
	if d.pump != nil && d.target.file != "" {
		d.pump.Close()
	}
}

// Open opens what the log settings of a service name. It may be called on any goroutine,
// and may wait for a disk. A file that cannot be opened is not an error: see
// [Destination.Missing]. An unknown mode or format is one.
func (o *Outputs) Open(log config.Log) (Destination, error) {
	t, err := targetOf(log)
	if err != nil {
		return Destination{}, err
	}
	return o.open(t), nil
}

func (o *Outputs) open(t target) Destination {
	d := Destination{target: t}
	switch {
	case t.inherit:
	case t.file != "":
		d.pump, d.missing = o.logs.File(t.file, t.format, t.rotation)
	default:
		d.pump = o.console
	}
	return d
}

// Check is Open for a dry run: it finds out what would be missing and creates nothing. No
// route may be given the result.
func Check(log config.Log) (Destination, error) {
	t, err := targetOf(log)
	if err != nil || t.file == "" {
		return Destination{target: t}, err
	}
	if err = checkFile(t.file); err != nil {
		err = fmt.Errorf("cannot open log file %q: %w", t.file, err)
	}
	return Destination{target: t, missing: err}, nil
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
