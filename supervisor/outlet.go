package supervisor

import (
	"errors"
	"fmt"
	"path/filepath"

	"golang.org/x/sys/unix"

	"supervise/config"
	"supervise/supervisor/logs"
)

// pump returns where a service's output goes, nil when it writes to our descriptors. Each
// return of a file's wants a release.
func (s *Supervisor) pump(spec *config.Service) (*logs.Pump, error) {
	switch spec.Log.Mode {
	case config.Inherit:
		return nil, nil
	case config.ToFile:
		return s.logs.File(spec.Log.File, formatOf(spec), rotationOf(spec))
	default:
		return s.console, nil
	}
}

func formatOf(spec *config.Service) logs.Format {
	if spec.Log.Format == config.JSON {
		return logs.JSON
	}
	return logs.Text
}

func rotationOf(spec *config.Service) logs.Rotation {
	return logs.Rotation{MaxSize: spec.Log.MaxSize, Keep: spec.Log.Keep}
}

// couldLog says what would keep a log file from being opened, without making it.
func couldLog(spec *config.Service) error {
	if spec.Log.Mode != config.ToFile {
		return nil
	}
	err := unix.Faccessat(unix.AT_FDCWD, spec.Log.File, unix.W_OK, unix.AT_EACCESS)
	if errors.Is(err, unix.ENOENT) {
		err = unix.Faccessat(unix.AT_FDCWD, filepath.Dir(spec.Log.File), unix.W_OK|unix.X_OK, unix.AT_EACCESS)
	}
	if err != nil {
		return fmt.Errorf("cannot open log file %q: %w", spec.Log.File, err)
	}
	return nil
}

// release gives back what pump has returned.
func (s *Supervisor) release(pumps ...*logs.Pump) {
	for _, p := range pumps {
		if p != nil && p != s.console {
			p.Close()
		}
	}
}

// redirect has the output of a service go to what an update has opened for it. What is
// there of the service still writes to the place before, which is released when all of it
// has gone: at the next start, or when the service is removed.
func (s *Supervisor) redirect(service *service, pump *logs.Pump) {
	if service.pump == pump {
		s.release(pump) // it has been opened once more
	} else if service.pump != nil && service.pump != s.console {
		service.worn = append(service.worn, service.pump)
	}
	service.pump = pump
	if service.spec.Log.Mode == config.ToFile {
		pump.Configure(formatOf(service.spec), rotationOf(service.spec))
	}
}
