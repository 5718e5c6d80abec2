package host

import (
	"errors"
	"os"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"supervise/internal/sys"
	"supervise/internal/text/escape"
)

// Obstacle says why a process survives SIGKILL: it belongs to a user whose processes we may
// not signal, one of its threads hangs in the kernel, or it has ended and who traces it has not
// taken note: until then it is not its parent's to reap. kill(2), proc_pid_stat(5), ptrace(2).
func (h *Host) Obstacle(pid int) string {
	if errors.Is(sys.Kill(pid, 0), syscall.EPERM) {
		return "of another user" + owner(pid) + ", which we may not signal"
	}
	dir := "/proc/" + strconv.Itoa(pid)
	stat, err := sys.ReadStat(pid)
	if err != nil {
		return ""
	}
	if stat.State != 'Z' {
		return hangs(stat.State, dir)
	}
	for tid := range sys.ThreadsOf(pid) { // its first thread has ended, others may hang
		task := dir + "/task/" + strconv.Itoa(tid)
		var thread sys.Stat
		_ = sys.ReadProc(task+"/stat", func(line string) (err error) {
			thread, err = sys.ParseStat(line)
			return err
		})
		if text := hangs(thread.State, task); text != "" {
			return "in thread " + strconv.Itoa(tid) + " " + text
		}
	}
	if tracer := statusField(dir, "TracerPid:"); tracer != 0 && tracer != os.Getpid() {
		tracer = statusField("/proc/"+strconv.Itoa(tracer), "Tgid:") // it is a thread
		who, _ := sys.ReadStat(tracer)
		return "dead, but not to be reaped while " + escape.Name(who.Name) + ", pid " + strconv.Itoa(tracer) + owner(tracer) + ", traces it"
	}
	return ""
}

// statusField is a number in a process's status, 0 if it is not there: proc_pid_status(5).
func statusField(dir, name string) (value int) {
	_ = sys.ReadProc(dir+"/status", func(text string) error {
		for line := range strings.Lines(text) {
			if rest, ok := strings.CutPrefix(line, name); ok {
				value, _ = strconv.Atoi(strings.TrimSpace(rest))
			}
		}
		return nil
	})
	return value
}

// owner is the uid of a process, in parentheses.
func owner(pid int) string {
	var stat unix.Stat_t
	if unix.Stat("/proc/"+strconv.Itoa(pid), &stat) != nil {
		return ""
	}
	return " (uid " + strconv.FormatUint(uint64(stat.Uid), 10) + ")"
}

// hangs says where a thread hangs in the kernel, "" if it does not. The kernel shows where
// only to those who may trace it: proc_pid_wchan(5).
func hangs(state byte, dir string) string {
	where := ""
	_ = sys.ReadProc(dir+"/wchan", func(text string) error {
		if where = strings.Clone(text); where == "0" {
			where = ""
		}
		return nil
	})
	switch {
	case strings.Contains(where, "refrigerator"), strings.Contains(where, "freezer"):
		return "frozen"
	case state != 'D':
		return ""
	case where != "":
		return "in uninterruptible sleep (" + where + ")"
	}
	return "in uninterruptible sleep"
}
