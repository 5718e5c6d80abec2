package supervisor

import (
	"context"
	"errors"
	"os"
	"time"

	"supervise/config"
	"supervise/coredump/collector"
	"supervise/coredump/settings"
	"supervise/supervisor/host"
)

// collectCores begins to take the cores of what crashes, if the configuration wants it, before
// the first service is started: none is to be lost. Without it we supervise all the same.
func (r *run) collectCores() {
	r.restoreCorePattern()
	file := r.options.File
	if file.Core.Collect == config.CollectOff {
		return
	}
	held, err := r.host.CollectCores(file.Core, host.CoreOptions{
		Directory: r.dir.Path, Crashed: r.loop.Crashed,
		Log: func(m collector.Message) {
			line := r.log.Info()
			if m.Severity == collector.Warning {
				line = r.log.Warn()
			}
			if m.PID != 0 {
				line = line.Int("pid", m.PID)
			}
			line.Msg(m.Text)
		},
	})
	if err != nil {
		r.log.Error().Err(err).Msg("cores are not collected")
		return
	}
	line := r.log.Info()
	if held.Way == collector.Off {
		line = r.log.Warn()
	}
	line = line.Str("way", string(held.Way)).Str("directory", file.Core.Directory)
	for _, better := range held.Better {
		if held.Way == collector.Off || better.Way == string(file.Core.Collect) {
			line = line.Str("no-"+better.Way, better.Reason)
		}
	}
	if held.Way == collector.Off {
		line.Msg("cores are not collected: there is no way to")
	} else {
		line.Msg("cores are collected")
	}
	r.dumpSetIDs()
}

// restoreCorePattern puts back what an earlier supervise in this directory had set when it was
// killed, if it has.
func (r *run) restoreCorePattern() {
	file := r.dir.Path + "/" + settings.FileName
	if _, err := os.Lstat(file); err != nil {
		return
	}
	left, err := settings.Restore(file)
	if err != nil {
		r.log.Error().Err(err).Msg("cannot put back what an earlier supervise that was killed had set")
	}
	for setting, value := range left {
		r.log.Warn().Str("setting", string(setting)).Str("value", value).
			Msg("an earlier supervise that was killed had set it; somebody has changed it since, and it stays")
	}
}

// dumpSetIDs has the kernel write cores of processes that have changed their ids, if a service
// wants that.
func (r *run) dumpSetIDs() {
	file := r.options.File
	wanted := ""
	for i := range file.Services {
		if dumpable := file.Services[i].Core.Dumpable; dumpable != nil && *dumpable {
			wanted = file.Services[i].Name
		}
	}
	kernel, err := settings.Read()
	if wanted == "" || err == nil && kernel.SuidDumpable == 2 {
		return
	}
	if file.Core.Install {
		err = settings.Set(r.dir.Path+"/"+settings.FileName, settings.Change{settings.SuidDumpable: "2"}, file.Core.Force)
		r.suidDumpable = err == nil
	} else {
		err = errors.New("fs.suid_dumpable is not 2, which takes core.install = true, or sysctl -w fs.suid_dumpable=2")
	}
	if err != nil {
		r.log.Warn().Str(serviceField, wanted).Err(err).Msg("there are no cores of processes that change their user or group")
	}
}

// closeCores puts core_pattern back, and waits until the cores are stored that are being taken:
// their processes have ended. Who does not want to wait asks for a shutdown at once again.
func (r *run) closeCores(within time.Duration) {
	if r.suidDumpable {
		defer r.restoreCorePattern() // what the collector has not put back
	}
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	done := make(chan error, 1)
	go func() {
		err := r.host.CloseCores(ctx)
		done <- err
		r.host.Wake()
	}()
	for {
		select {
		case err := <-done:
			if err != nil {
				r.log.Error().Err(err).Msg("cannot put back what was set to collect cores")
			}
			r.loop.takePosted()
			return
		default:
		}
		if r.host.CoresUnderWay() == 0 {
			cancel() // what is still to be compressed stays as it is
		}
		if info, ok := r.host.Wait(-1); ok && r.loop.file.Signals[info.Signal] == config.ShutdownNow {
			cancel()
		}
		r.loop.reap()
		r.loop.takePosted()
	}
}

// takePosted does what others have posted.
func (s *Supervisor) takePosted() {
	for _, f := range s.kernel.Posted() {
		f()
	}
}
