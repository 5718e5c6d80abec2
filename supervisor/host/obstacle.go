package host

import (
	"errors"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"supervise/internal/sys"
)

// Obstacle says why a process survives SIGKILL: it belongs to a user whose processes we may
// not signal, or one of its threads hangs in the kernel. kill(2), proc_pid_stat(5).
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
	return ""
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
