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

// target is what matters of the log settings of a service. The zero value is the console.
type target struct {
	mode     config.LogMode
	file     string // path of the log file, "" for none
	rotation logs.Rotation
	format   logs.Format
}

// targetOf returns those of the settings that count in their mode.
func targetOf(log config.Log) (target, error) {
	switch log.Mode {
	case config.Prefix, config.Inherit:
		return target{mode: log.Mode}, nil
	case config.ToFile:
		if log.File == "" {
			return target{}, errors.New(`log mode "file" without a file`)
		}
		format, err := formatOf(log.Format)
		return target{
			mode: log.Mode, file: log.File, format: format,
			rotation: logs.Rotation{MaxSize: log.MaxSize, Keep: log.Keep},
		}, err
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
// and may wait for a disk. An unknown mode or format is an error. A file that cannot be
// opened is not: see [Destination.Missing].
func (o *Outputs) Open(log config.Log) (Destination, error) {
	t, err := targetOf(log)
	if err != nil {
		return Destination{}, err
	}
	return o.open(t), nil
}

func (o *Outputs) open(t target) Destination {
	d := Destination{target: t}
	switch t.mode {
	case config.Prefix:
		d.pump = o.console
	case config.Inherit: // the service writes to the supervisor's descriptors itself
	case config.ToFile:
		d.pump, d.missing = o.logs.File(t.file, t.format, t.rotation)
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
