package conformance

import (
	"syscall"
	"testing"
)

// Scripts that several rows share.
const (
	// lines reads what launch writes now and then, because a shell that gets a signal right
	// before it reads sees to its trap only when it has read. It ends when nobody writes.
	lines = `n=0; while [ $n -lt 5000 ]; do n=$((n+1)); read x; done`
	// asleep waits for whatever comes.
	asleep = `echo ready; ` + lines
	// traps prints each signal, and ends with 3 at SIGTERM.
	traps = `for s in HUP INT QUIT USR1 USR2 ALRM VTALRM PROF WINCH URG XCPU IO PWR TSTP TTIN TTOU; do trap "echo $s; echo ready" $s; done
		trap "echo TERM; exit 3" TERM; echo ready; ` + lines
	// inner has a child that prints SIGUSR1 as well.
	inner = `exec 3<&0; trap "wait; echo outer; exit 5" USR1; (trap "echo inner; exit" USR1; echo ready; exec <&3; ` + lines + `) & wait`
	// lone has such a child, but ends it otherwise.
	lone = `exec 3<&0; trap 'echo outer; kill -HUP $c; exit 5' USR1; (trap "echo inner; exit" USR1; exec <&3; ` + lines + `) & c=$!; echo ready; wait`
)

// ordinary are signals that every init forwards, in pairs of name and number that the script
// traps knows.
var ordinary = []syscall.Signal{
	syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGALRM, syscall.SIGVTALRM,
	syscall.SIGPROF, syscall.SIGWINCH, syscall.SIGURG, syscall.SIGXCPU, syscall.SIGIO, syscall.SIGPWR, syscall.SIGTERM,
}

const ordinaryOut = "HUP, INT, QUIT, USR1, USR2, ALRM, VTALRM, PROF, WINCH, URG, XCPU, IO, PWR, TERM"

// common are rows that hold for every name; exec statuses are missing, denied, other.
func common(name string, missing, denied int) []row {
	return []row{
		{what: "exit code", name: name, script: `exit 7`, status: 7, real: true, in: true},
		{what: "exit 255", name: name, script: `exit 255`, status: 255, real: true},
		{what: "killed", name: name, script: `kill -KILL $$`, status: 137, real: true, in: true},
		{what: "dies of a signal", name: name, script: asleep, signals: []syscall.Signal{syscall.SIGTERM}, status: 143, real: true, in: true},
		{what: "missing", name: name, env: []string{"PATH=/usr/bin:/bin"}, command: []string{"no-such-command-here"}, status: missing, stderr: "no-such-command-here", real: name != catatonit, in: true},
		{what: "missing path", name: name, command: []string{"/no/such/command"}, status: missing, real: true},
		{what: "denied", name: name, command: []string{"/etc/passwd"}, status: denied, real: true},
		{what: "directory", name: name, command: []string{"/tmp"}, status: denied, real: true, in: true},
		{what: "handed on", name: name, script: traps, signals: ordinary, out: ordinaryOut, status: 3, real: true, in: true},
		{
			what: "faults handed on", name: name, script: `for s in ILL TRAP ABRT BUS FPE SEGV SYS; do trap "echo $s; echo ready" $s; done
			trap "exit 3" TERM; echo ready; ` + lines, out: "ILL, TRAP, ABRT, BUS, FPE, SEGV, SYS", status: 3, real: name == dumbInit,
			signals: []syscall.Signal{4, 5, 6, 7, 8, 11, 31, 15}, in: true,
		},
		{what: "double dash", name: name, args: []string{"--"}, command: []string{"sh", "-c", "exit 4"}, status: 4, real: true},
		{what: "without double dash", name: name, command: []string{"sh", "-c", "exit 4"}, status: 4, real: name == dumbInit},
		{what: "environment", name: name, env: []string{"A=b c"}, script: `echo "$A"`, out: "b c", real: true},
		{
			what: "orphans reaped", name: name, first: true, script: `i=0; while [ $i -lt 200 ]; do (: &); i=$((i+1)); done
			i=0; while grep -l '^State:.Z' /proc/[0-9]*/status >/dev/null 2>&1 && [ $i -lt 500 ]; do i=$((i+1)); sleep 0.01; done; [ $i -lt 500 ] && echo clean`,
			out: "clean", real: true, in: true,
		},
	}
}

func TestTini(t *testing.T) { run(t, tiniRows()) }

func tiniRows() []row {
	inherited := confinement{subreaper: true}
	usr1 := []syscall.Signal{syscall.SIGUSR1}
	return append(common(tini, 127, 126), []row{
		{what: "no arguments", name: tini, status: 1, stderr: "Usage: tini [OPTIONS] PROGRAM", real: true},
		{what: "unknown flag", name: tini, args: []string{"-x"}, status: 1, stderr: "invalid option -- 'x'", real: true},
		{what: "long flag", name: tini, args: []string{"--foo"}, status: 1, stderr: "invalid option -- '-'", real: true},
		{what: "missing value", name: tini, args: []string{"-e"}, status: 1, stderr: "option requires an argument -- 'e'", real: true},
		{what: "-e out of range", name: tini, args: []string{"-e", "256", "true"}, status: 1, stderr: "Not a valid option for -e: 256", real: true},
		{what: "-p by number", name: tini, args: []string{"-p", "9", "true"}, status: 1, stderr: "Not a valid option for -p: 9", real: true},
		{what: "-e", name: tini, args: []string{"-e", "7"}, script: "exit 7", real: true},
		{what: "-e not", name: tini, args: []string{"-e", "7"}, script: "exit 8", status: 8, real: true},
		{what: "-e signal", name: tini, args: []string{"-e143"}, script: asleep, signals: []syscall.Signal{syscall.SIGTERM}, real: true},
		{what: "-e twice", name: tini, args: []string{"-e", "7", "-e", "8"}, script: "exit 8", real: true},
		{what: "cluster", name: tini, args: []string{"-sge", "8"}, script: "exit 8", real: true},
		{what: "PROGRAM -- ARGS", name: tini, args: []string{"sh", "--", "-c", "exit 6"}, status: 6, real: true},
		{what: "options of the program", name: tini, args: []string{"sh", "-c", "exit 6"}, status: 6},
		{what: "without -g", name: tini, args: []string{"-s"}, script: lone, signals: usr1, out: "outer", status: 5, real: true},
		{what: "-g", name: tini, args: []string{"-g"}, script: inner, signals: usr1, out: "inner, outer", status: 5, real: true, in: true},
		{what: "TINI_KILL_PROCESS_GROUP", name: tini, env: []string{"TINI_KILL_PROCESS_GROUP="}, script: inner, signals: usr1, out: "inner, outer", status: 5, real: true},
		{what: "own group", name: tini, script: `read a b c d e f g </proc/self/stat; [ $e = $a ] && echo group; [ $f = $a ] && echo session; :`, out: "group", real: true},
		{what: "TSTP handed on", name: tini, script: traps, signals: []syscall.Signal{syscall.SIGTSTP, syscall.SIGTERM}, out: "TSTP, TERM", status: 3, real: true},
		{what: "says it is no reaper", name: tini, script: ":", plainly: true, stderr: "[WARN  tini (", real: true},
		{what: "is a reaper by inheritance", name: tini, confined: inherited, script: ":", plainly: true, silent: true, real: true},
		{what: "is a reaper by inheritance: docker-init", name: "docker-init", confined: inherited, script: ":", plainly: true, silent: true},
		{what: "is a reaper by inheritance: -s", name: tini, args: []string{"-s"}, confined: inherited, script: ":", plainly: true, silent: true, real: true},
		{what: "is a reaper by inheritance: -w", name: tini, args: []string{"-w"}, confined: inherited, script: `(sleep 0.3 & :); sleep 0.8`, plainly: true, stderr: "eaped", real: true},
		{what: "TINI_VERBOSITY=0", name: tini, env: []string{"TINI_VERBOSITY=0"}, script: ":", stderr: "", real: true},
		{what: "-w", name: tini, args: []string{"-sw"}, script: `(sleep 0.3 & :); sleep 0.8`, stderr: "eaped", real: true},
		{what: "cwd kept", name: tini, script: `cd /usr; sleep 0.1; readlink /proc/$PPID/cwd | grep -q conformance && echo kept`, out: "kept", real: true},
	}...)
}
