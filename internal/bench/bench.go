package main

import (
	"cmp"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"supervise/internal/bench/report"
	"supervise/internal/bench/role"
)

// bench is the measuring process.
type bench struct {
	options
	dir     string // of the programs, and of all other files
	self    string // this program
	trueCmd string // true(1)
	init    bool   // we are PID 1 of a namespace, and may make others
	tmpfs   string // a directory that is one, "" for none
	started int    // children so far
}

// measure runs the experiments and prints the report.
func measure(dir string, args []string) error {
	// The measuring thread starts all processes, which end with it; it is also pinned.
	runtime.LockOSThread()
	// A garbage collection would disturb the current measurement. Little is allocated.
	debug.SetGCPercent(-1)
	start := time.Now()
	o, err := parse(args, os.Stderr)
	if err != nil {
		return err
	}
	b := &bench{options: o, dir: dir, init: os.Getpid() == 1}
	if err := b.prepare(); err != nil {
		return err
	}
	result := report.Report{Machine: machine(b)}
	result.Machine.NoisePercent[0], result.Machine.LongestPauses[0] = noise()
	for _, e := range experiments {
		if len(o.only) > 0 && !slices.Contains(o.only, e.name) {
			continue
		}
		progress("%s", e.name)
		result.Tables = append(result.Tables, e.run(b)...)
		if err := sweep(); err != nil {
			return err
		}
		runtime.GC()
	}
	result.Machine.NoisePercent[1], result.Machine.LongestPauses[1] = noise()
	result.Machine.Seconds = math.Round(time.Since(start).Seconds())
	if o.json {
		return result.JSON(os.Stdout)
	}
	return result.Text(os.Stdout)
}

func (b *bench) prepare() (err error) {
	if b.init {
		if err := role.Isolate(); err != nil {
			return err
		}
		if err := b.mountTmpfs(); err != nil {
			return err
		}
	} else if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return os.NewSyscallError("prctl", err)
	}
	if b.self, err = os.Executable(); err != nil {
		return err
	}
	b.trueCmd, err = exec.LookPath("true")
	return err
}

// file returns the path of a file in the bench directory.
func (b *bench) file(name string) string { return filepath.Join(b.dir, name) }

// mountTmpfs makes room for the files that the contestants make, as in /run: ext4 passes over
// inodes that were freed in the last five seconds, one by one (recently_deleted in
// fs/ext4/ialloc.c), so that who makes files pays for what the contestant before has removed. It
// goes with our namespace.
func (b *bench) mountTmpfs() error {
	dir := b.file("tmpfs")
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	b.tmpfs = dir
	return os.NewSyscallError("mount tmpfs", unix.Mount("tmpfs", dir, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=0755"))
}

// state returns the path of a directory of a contestant.
func (b *bench) state(name string) string {
	return filepath.Join(cmp.Or(b.tmpfs, b.dir), name)
}

// count returns how often to repeat something: n times, or a tenth of that when quick.
func (b *bench) count(n int) int {
	if b.quick {
		return max(1, n/10)
	}
	return n
}

// now reads CLOCK_MONOTONIC in nanoseconds, which the receiver and the tiny service read
// too.
func now() int64 {
	var t unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &t)
	return t.Nano()
}

// pause sleeps in the kernel, on this thread.
func pause(d time.Duration) {
	left := unix.NsecToTimespec(d.Nanoseconds())
	for unix.Nanosleep(&left, &left) == unix.EINTR {
	}
}

func machine(b *bench) report.Machine {
	var uts unix.Utsname
	_ = unix.Uname(&uts)
	return report.Machine{
		Date: time.Now().UTC().Truncate(time.Second), Kernel: unix.ByteSliceToString(uts.Release[:]),
		CPU: processor(), Cores: runtime.NumCPU(), Go: runtime.Version(), Root: syscall.Getuid() == 0, Rounds: b.rounds,
	}
}

// processor returns the model name of the first processor, or the architecture if
// /proc/cpuinfo has none.
func processor() string {
	text, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}

// noise spins for half a second and returns the share of it that other threads took, in
// percent, and the longest pause in ms. A thread with a processor to itself needs less than
// 20 µs between two readings of the clock.
func noise() (percent, longest float64) {
	const spin, normal = 500e6, 20e3
	var lost int64
	start := now()
	for last := start; last < start+spin; {
		next := now()
		if gap := next - last; gap > normal {
			lost += gap
			longest = max(longest, float64(gap)/1e6)
		}
		last = next
	}
	return float64(lost) / spin * 100, longest
}
