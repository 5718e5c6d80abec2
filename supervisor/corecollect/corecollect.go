package corecollect

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/rs/zerolog"

	"supervise/config"
	"supervise/coredump/collector"
	"supervise/coredump/settings"
	"supervise/supervisor/host"
	"supervise/supervisor/kernel"
)

// Options is what it takes to collect cores.
type Options struct {
	Host      *host.Host
	File      *config.File
	Directory string             // the runtime directory
	Crashed   func(kernel.Crash) // called on the loop
	Log       zerolog.Logger
}

// Cores is the collection of cores.
type Cores struct {
	Options
	setIDs bool // fs.suid_dumpable was set
}

// Open begins to collect, if the configuration wants it. What does not work is logged.
func Open(options Options) *Cores {
	c := &Cores{Options: options}
	c.restore()
	if c.File.Core.Collect == config.CollectOff {
		return c
	}
	held, err := c.Host.CollectCores(c.File.Core, host.CoreOptions{
		Directory: c.Directory, Crashed: c.Crashed, Log: c.tell, SetIDs: c.setIDsLater,
	})
	if err != nil {
		c.Log.Error().Err(err).Msg("cores are not collected")
		return c
	}
	c.tellHow(held)
	for i := range c.File.Services {
		if dumpable := c.File.Services[i].Core.Dumpable; dumpable != nil && *dumpable {
			c.dumpSetIDs(c.File.Services[i].Name)
			break // it is a setting of the machine
		}
	}
	return c
}

// tell logs what the collector says.
func (c *Cores) tell(m collector.Message) {
	line := c.Log.Info()
	if m.Severity == collector.Warning {
		line = c.Log.Warn()
	}
	if m.PID != 0 {
		line = line.Int("pid", m.PID)
	}
	line.Msg(m.Text)
}

// tellHow logs in which way cores are collected, and why not at all.
func (c *Cores) tellHow(held collector.Held) {
	directory := c.File.Core.Directory
	if held.Way != collector.Off {
		c.Log.Info().Str("way", string(held.Way)).Str("directory", directory).Msg("cores are collected")
		return
	}
	line := c.Log.Warn().Str("way", string(held.Way)).Str("directory", directory)
	for _, better := range held.Better {
		line = line.Str("no-"+better.Way, better.Reason)
	}
	line.Msg("cores are not collected: there is no way to")
}

func (c *Cores) settingsFile() string { return filepath.Join(c.Directory, settings.FileName) }

// restore puts back what an earlier supervise in this directory had set when it was killed, if
// it has.
func (c *Cores) restore() {
	if _, err := os.Lstat(c.settingsFile()); errors.Is(err, fs.ErrNotExist) {
		return
	}
	left, err := settings.Restore(c.settingsFile())
	if err != nil {
		c.Log.Error().Err(err).Msg("cannot put back what was set to collect cores")
	}
	for setting, value := range left {
		c.Log.Warn().Str("setting", string(setting)).Str("value", value).
			Msg("somebody has changed what was set to collect cores: it stays")
	}
}

// setIDsLater is for a service that an update has made want the cores of processes that have
// changed their ids.
func (c *Cores) setIDsLater(service string) {
	if c.dumpSetIDs(service) {
		c.Log.Warn().Str("service", service).
			Msg("core.dumpable holds from its next start on")
	}
}

// dumpSetIDs has the kernel write cores of processes that have changed their ids, as a service
// wants that. It reports whether it did not before, and does now.
func (c *Cores) dumpSetIDs(service string) (changed bool) {
	now, err := settings.Read()
	if err == nil && now.SuidDumpable == 2 {
		return false
	}
	if c.File.Core.Install {
		err = settings.Set(c.settingsFile(), settings.Change{settings.SuidDumpable: "2"}, c.File.Core.Force)
	} else {
		err = errors.New("fs.suid_dumpable is not 2, which takes core.install = true, or sysctl -w fs.suid_dumpable=2, and then a new start of the service")
	}
	if err != nil {
		c.Log.Warn().Str("service", service).Err(err).Msg("there are no cores of processes that change their user or group")
		return false
	}
	c.setIDs = true
	return true
}

// Close puts the settings of the kernel back, and waits for the cores that are being stored until
// ctx ends, which cuts them short: it wakes the loop and closes done then.
func (c *Cores) Close(ctx context.Context) (done <-chan struct{}) {
	closed := make(chan struct{})
	if !c.setIDs && !c.Host.CollectsCores() {
		close(closed) // as usual: nothing is to be waited for
		return closed
	}
	go func() {
		if err := c.Host.CloseCores(ctx); err != nil {
			c.Log.Error().Err(err).Msg("cannot put back what was set to collect cores")
		}
		if c.setIDs {
			c.restore() // what the collector has not put back
		}
		close(closed)
		c.Host.Wake()
	}()
	return closed
}
