package testproc

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// familyOf returns a process and all that descend from it, each behind its parent:
// /proc/PID/task/TID/children of proc_pid_task(5).
func familyOf(pid int) []int {
	family := []int{pid}
	for i := 0; i < len(family); i++ {
		files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", family[i]))
		for _, file := range files {
			text, _ := os.ReadFile(file)
			for _, child := range strings.Fields(string(text)) {
				if pid, err := strconv.Atoi(child); err == nil {
					family = append(family, pid)
				}
			}
		}
	}
	return family
}

// described are the lines of /proc/PID/status that tell where a signal has got to.
var described = []string{"State:", "PPid:", "SigQ:", "SigPnd:", "ShdPnd:", "SigBlk:", "SigIgn:", "SigCgt:"}

// describe tells what processes are, what became of their signals, and the system call that
// each thread is in.
func describe(pids []int) string {
	var b strings.Builder
	for _, pid := range pids {
		dir := fmt.Sprintf("/proc/%d/", pid)
		argv, _ := os.ReadFile(dir + "cmdline")
		fmt.Fprintf(&b, "%d: %s\n", pid, strings.ReplaceAll(string(argv), "\x00", " "))
		status, _ := os.ReadFile(dir + "status")
		for line := range strings.Lines(string(status)) {
			for _, key := range described {
				if strings.HasPrefix(line, key) {
					fmt.Fprintf(&b, "   %s", strings.Replace(line, "\t", " ", 1))
				}
			}
		}
		threads, _ := filepath.Glob(dir + "task/*")
		for _, thread := range threads {
			call, _ := os.ReadFile(thread + "/syscall")
			where, _ := os.ReadFile(thread + "/wchan")
			name, _ := os.ReadFile(thread + "/comm")
			fmt.Fprintf(&b, "   thread %s %s: system call %.60s in %s\n",
				filepath.Base(thread), strings.TrimSpace(string(name)), strings.TrimSpace(string(call)), where)
		}
	}
	return b.String()
}
