package supervisor

import (
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"supervise/internal/sys"
	"supervise/signals"
	"supervise/supervisor/control/request"
)

// senders remembers the name of the last process that sent a signal.
type senders struct {
	pid  int32
	name string
	at   time.Duration
}

// namesLast is how long a name is taken to be that of a pid: pids are given to others.
const namesLast = 100 * time.Millisecond

// arrived finds out the name of a signal's sender, while it can be asked for.
func (s *senders) arrived(info signals.Info, now time.Duration) {
	if info.PID <= 0 || info.PID == s.pid && now-s.at < namesLast {
		return
	}
	s.pid, s.name, s.at = info.PID, commOf(int(info.PID)), now
}

// commOf returns the kernel's name of a process, "" when there is no telling.
func commOf(pid int) string {
	text, _ := sys.ReadFile("/proc/" + strconv.Itoa(pid) + "/comm")
	return strings.TrimSuffix(text, "\n")
}

// describe adds the fields that tell of a signal to a line of the log. asker is who asked
// for one of ours.
func (s *senders) describe(line *zerolog.Event, info signals.Info, asker string) *zerolog.Event {
	line = line.Stringer("signal", info.Signal)
	if ours(info) {
		return line.Str("from", asker)
	}
	line = line.Str("from", info.Sender())
	if info.PID == s.pid && s.name != "" {
		line = line.Str("sender", s.name)
	}
	return line
}

// process returns who sent a signal, nil when that was no process, or is not known.
func (s *senders) process(info signals.Info) *request.Process {
	if info.PID <= 0 || ours(info) {
		return nil
	}
	p := &request.Process{PID: int(info.PID), UID: int(info.UID)}
	if info.PID == s.pid {
		p.Name = s.name
	}
	return p
}

// ours reports whether a signal is one that supervise itself sends for somebody who has no
// pid, or none any more: a FIFO tells nothing of its writer.
func ours(info signals.Info) bool { return int(info.PID) == os.Getpid() }

// words says who sent a signal: "pid 812 (bash, uid 0)".
func (s *senders) words(info signals.Info) string {
	if p := s.process(info); p != nil {
		return named(p)
	}
	return info.Sender()
}

// sentence says what a signal is and who sent it: "SIGRTMIN+3 with value 42 from pid 812
// (bash, uid 0)".
func (s *senders) sentence(info signals.Info) string {
	text := info.Signal.String()
	if info.Code == signals.CodeQueue {
		text += " with value " + strconv.FormatUint(info.Value, 10)
	}
	return text + " from " + s.words(info)
}

// named says of a process who it is: "pid 812 (bash, uid 0)".
func named(p *request.Process) string {
	text := "pid " + strconv.Itoa(p.PID) + " ("
	if p.Name != "" {
		text += p.Name + ", "
	}
	return text + "uid " + strconv.Itoa(p.UID) + ")"
}
