package sys_test

import (
	"os"
	"syscall"
	"testing"

	"supervise/internal/sys"
)

func TestParseStat(t *testing.T) {
	const rest = " 34819 -1 4194560 100 0 0 0 1 2 3 4 20 0 1 0 "
	for line, want := range map[string]sys.Stat{
		"12 (sleep) S 1 12 3" + rest + "77 8192":       {PID: 12, Name: "sleep", State: 'S', Parent: 1, Group: 12, Session: 3, Terminal: 34819, Started: 77},
		"7 (a b) (c)) Z 5 6 -1" + rest + "0\n":         {PID: 7, Name: "a b) (c)", State: 'Z', Parent: 5, Group: 6, Session: -1, Terminal: 34819},
		"1 () R 0 0 0" + rest + "18446744073709551615": {PID: 1, State: 'R', Terminal: 34819, Started: 1<<64 - 1},
		"":                             {},
		"12":                           {},
		"12 (x":                        {},
		"12 )x( S 1 1 1" + rest + "1":  {},
		"(x) S 1 1 1" + rest + "1":     {},
		"x (x) S 1 1 1" + rest + "1":   {},
		"1 (x) SS 1 1 1" + rest + "1":  {},
		"1 (x) S 1 1 1 1":              {},
		"1 (x) S a 1 1" + rest + "1":   {},
		"1 (x) S 1 1 1" + rest + "-1":  {},
		"99999999999999999999 (x) S 1": {},
	} {
		got, err := sys.ParseStat(line)
		if got != want || (err != nil) != (want == sys.Stat{}) {
			t.Errorf("%q: %+v, %v", line, got, err)
		}
	}
}

func TestProcesses(t *testing.T) {
	for stat := range sys.Processes() {
		if stat.PID == os.Getpid() {
			if stat.Parent != os.Getppid() || stat.Group != syscall.Getpgrp() || stat.Zombie() {
				t.Errorf("our own: %+v", stat)
			}
			return
		}
	}
	t.Error("we are not among the processes")
}

func FuzzParseStat(f *testing.F) {
	f.Add("7 (a b) (c)) Z 5 6 -1 0\n")
	f.Fuzz(func(t *testing.T, line string) {
		if len(line) > 4096 {
			return
		}
		if stat, err := sys.ParseStat(line); err != nil && stat != (sys.Stat{}) {
			t.Errorf("%q: %+v, %v", line, stat, err)
		}
	})
}
