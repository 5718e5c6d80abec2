package conformance

import (
	"syscall"
	"testing"
)

const (
	term = syscall.SIGTERM
	hup  = syscall.SIGHUP
	usr1 = syscall.SIGUSR1
	usr2 = syscall.SIGUSR2
)

// leftover leaves a child behind on request, which prints SIGTERM and SIGHUP.
const leftover = `exec 3<&0; trap "exit 4" USR1; (trap "" USR1; trap "echo left TERM; exit" TERM; trap "echo left HUP; exit" HUP; echo ready; exec <&3; ` + lines + `) & wait`

func TestDumbInit(t *testing.T) { run(t, dumbInitRows()) }

func dumbInitRows() []row {
	group := `read a b c d e f g </proc/self/stat; [ $e = $a ] && echo group; [ $f = $a ] && echo session; :`
	return append(common(dumbInit, 2, 2), []row{
		{what: "no arguments", name: dumbInit, status: 1, stderr: "Usage: ", real: true},
		{what: "unknown flag", name: dumbInit, args: []string{"-x"}, status: 1, stderr: "invalid option -- 'x'", real: true},
		{what: "unknown long flag", name: dumbInit, args: []string{"--foo", "true"}, status: 1, stderr: "unrecognized option '--foo'", real: true},
		{what: "ambiguous flag", name: dumbInit, args: []string{"--ver", "true"}, status: 1, stderr: "ambiguous", real: true},
		{what: "help", name: dumbInit, args: []string{"--help"}, stderr: "--single-child", real: true},
		{what: "version", name: dumbInit, args: []string{"-V"}, stderr: "dumb-init v1.2.5", real: true},
		{what: "rewrite nonsense", name: dumbInit, args: []string{"-r", "x", "true"}, status: 1, stderr: "<signum>:<signum>", real: true},
		{what: "rewrite out of range", name: dumbInit, args: []string{"-r", "32:1", "true"}, status: 1, stderr: "<signum>:<signum>", real: true},
		{what: "rewrite with rubbish behind", name: dumbInit, args: []string{"-r", "15:12foo", "true"}, status: 1, stderr: "<signum>:<signum>"},

		{what: "own session", name: dumbInit, script: group, out: "group, session", real: true, in: true},
		{what: "-c", name: dumbInit, args: []string{"-c"}, script: group, real: true, plainly: true},
		{what: "DUMB_INIT_SETSID=0", name: dumbInit, env: []string{"DUMB_INIT_SETSID=0"}, script: group, real: true, plainly: true},
		{what: "to the group", name: dumbInit, script: inner, signals: []syscall.Signal{usr1}, out: "inner, outer", status: 5, real: true, in: true},
		{what: "-c to the child", name: dumbInit, args: []string{"--single-child"}, script: lone, signals: []syscall.Signal{usr1}, out: "outer", status: 5, real: true},
		{what: "rewrite", name: dumbInit, args: []string{"-r", "15:1"}, script: `trap "echo HUP; exit 3" HUP; ` + asleep, signals: []syscall.Signal{term}, out: "HUP", status: 3, real: true, in: true},
		{what: "rewrite long", name: dumbInit, args: []string{"--rew=15:1", "--rewrite", "10:12"}, script: `for s in HUP QUIT USR2; do trap "echo $s; echo ready" $s; done
			trap "exit 3" INT; echo ready; ` + lines, signals: []syscall.Signal{usr1, term, syscall.SIGQUIT, syscall.SIGINT}, out: "USR2, HUP, QUIT", status: 3, real: true},
		{what: "rewrite to nothing", name: dumbInit, args: []string{"-r", "15:0"}, script: `trap "echo TERM; echo ready" TERM; trap "echo USR1; exit 3" USR1; echo ready; echo ready; ` + lines, signals: []syscall.Signal{term, usr1}, out: "USR1", status: 3, real: true},
		{what: "rewrite to KILL", name: dumbInit, args: []string{"-r", "15:9"}, script: asleep, signals: []syscall.Signal{term}, status: 137, real: true},
		{what: "TERM to the group at the end", name: dumbInit, script: leftover, signals: []syscall.Signal{usr1}, out: "left TERM", status: 4, real: true, plainly: true},
		{what: "TERM at the end, rewritten", name: dumbInit, args: []string{"-r", "15:1"}, script: leftover, signals: []syscall.Signal{usr1}, out: "left HUP", status: 4, real: true, plainly: true},
		{what: "cwd", name: dumbInit, script: cwd, out: "/", real: true},
		{what: "-v", name: dumbInit, args: []string{"-v"}, script: ":", stderr: "[dumb-init] ", real: true},
		{what: "DUMB_INIT_DEBUG=1", name: dumbInit, env: []string{"DUMB_INIT_DEBUG=1"}, script: ":", stderr: "[dumb-init] ", real: true},
		{what: "stop signals stop", name: dumbInit, plainly: true, status: 143, real: true, out: "T T", command: stopped("TSTP")},
		{what: "TTIN stops", name: dumbInit, plainly: true, status: 143, real: true, out: "T T", command: stopped("TTIN")},
		{what: "TTOU stops init without a session", name: dumbInit, args: []string{"-c"}, plainly: true, status: 143, real: true, out: "T S", command: stopped("TTOU")},
		{what: "stop signals dropped", name: dumbInit, args: []string{"-r", "20:0"}, plainly: true, status: 143, real: true, out: "T S", command: stopped("TSTP")},
	}...)
}

// cwd prints where init is, as soon as that is not where the script is.
const cwd = `i=0; while [ "$(readlink /proc/$PPID/cwd)" = "$PWD" ] && [ $i -lt 200 ]; do i=$((i+1)); sleep 0.01; done; readlink /proc/$PPID/cwd`

// stopped is a command that has its init sent a stop signal, by somebody in another session,
// who then prints the states of both, continues init, and ends it. What is not stopped
// counts as asleep: S.
func stopped(signal string) []string {
	return []string{"sh", "-c", `setsid sh -c '
		state() { while read k v w; do [ "$k" = State: ] && case $v in R|D) echo S;; *) echo $v;; esac; done </proc/$1/status; }
		kill -` + signal + ` $1; i=0
		while [ "$(state $1)" != T ] && [ $i -lt 50 ]; do i=$((i+1)); sleep 0.01; done; sleep 0.05
		echo $(state $1) $(state $2); kill -CONT $1
		while [ "$(state $2)" != S ] && [ $i -lt 400 ]; do i=$((i+1)); sleep 0.01; done
		kill -TERM $1' x $PPID $$ </dev/null & ` + lines}
}
