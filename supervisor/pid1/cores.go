package pid1

import (
	"strconv"
	"syscall"

	"supervise/signals"
	"supervise/supervisor/process"
)

// CoreLimit is the command's RLIMIT_CORE, if one was given.
type CoreLimit struct {
	Given bool
	Bytes uint64 // all ones for no limit
}

// CoreFilter is the command's coredump_filter, if one was given: core(5).
type CoreFilter struct {
	Given bool
	Mask  uint32
}

// coreLimit is the soft limit of cores for the command, within the hard one.
func (s *supervisor) coreLimit() []process.Limit {
	if !s.CoreLimit.Given {
		return nil
	}
	var own syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_CORE, &own); err != nil {
		s.log.say(Warn, "cannot read RLIMIT_CORE: the command keeps it as it is: "+err.Error())
		return nil
	}
	if s.CoreLimit.Bytes > own.Max {
		s.log.say(Warn, "RLIMIT_CORE is no more than its hard limit, with which supervise init was started", word("limit", strconv.FormatUint(own.Max, 10)))
	}
	return []process.Limit{{Resource: syscall.RLIMIT_CORE, Soft: min(s.CoreLimit.Bytes, own.Max), Hard: own.Max, Optional: true}}
}

// setCoreFilter sets the filter of this process: the command gets a copy of it, and keeps that
// over execve(2).
func (s *supervisor) setCoreFilter() {
	if !s.CoreFilter.Given {
		return
	}
	const file = "/proc/self/coredump_filter"
	fd, err := syscall.Open(file, syscall.O_WRONLY|syscall.O_CLOEXEC, 0)
	if err == nil {
		_, err = syscall.Write(fd, []byte("0x"+strconv.FormatUint(uint64(s.CoreFilter.Mask), 16)))
		_ = syscall.Close(fd)
	}
	if err != nil {
		s.log.say(Warn, "cannot set the command's core filter: "+file+": "+err.Error())
	}
}

// exitLevel is how important it is why we exit: more than usual when the command has crashed, by
// a signal that dumps core and that did not come through us. Those whose names we go by say no
// more of that than they do.
func (s *supervisor) exitLevel() Level {
	if s.Recorder && s.exit.Signal != 0 {
		return Warn
	}
	if own := s.Log.Style == Text || s.Log.Style == JSON; own && s.exit.Signal.Default() == signals.Core && s.last.Signal != s.exit.Signal {
		return Warn
	}
	return Info
}
