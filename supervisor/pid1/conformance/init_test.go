package conformance

import (
	"syscall"
	"testing"
)

// adopted prints whether an orphan comes to init.
const adopted = `trap "exit 0" USR1; init=$PPID main=$$; export init main
	sh -c 'me=$$; export me; sh -c "
		while read a b c d e </proc/self/stat; [ \$d = $me ]; do sleep 0.01; done
		[ \$d = $init ] && echo here || echo elsewhere; kill -USR1 $main" & :'
	` + lines

// stubborn ignores SIGTERM, and has a child in another session that does.
const stubborn = `trap "" TERM; (trap "" TERM; exec setsid sleep 60) & echo ready; ` + lines

func TestInit(t *testing.T) { run(t, initRows()) }

func initRows() []row {
	text := func(args ...string) []string { return append([]string{"--log-format", "text"}, args...) }
	return append(common(own, 127, 126), []row{
		{what: "no arguments", name: own, status: 2, stderr: "no command given"},
		{what: "empty command", name: own, args: text("--"), command: []string{""}, status: 127, stderr: `cannot start "": the name of the command is empty`},
		{what: "subcommand", name: own, args: []string{"init"}, script: "exit 4", status: 4},
		{what: "own group", name: own, script: `read a b c d e f g </proc/self/stat; [ $e = $a ] && echo group; [ $f = $a ] && echo session; :`, out: "group", in: true},
		{what: "--session", name: own, args: []string{"--session"}, script: `read a b c d e f g </proc/self/stat; [ $e = $a ] && echo group; [ $f = $a ] && echo session; :`, out: "group, session"},
		{what: "--foreground", name: own, args: []string{"--foreground"}, plainly: true, script: `read a b c d e f g </proc/self/stat; [ $e = $a ] && echo group; [ $f = $a ] && echo session; :`},
		{what: "-g", name: own, args: []string{"-g"}, script: inner, signals: []syscall.Signal{usr1}, out: "inner, outer", status: 5, in: true},
		{what: "-g by kill", name: own, args: []string{"-g", "--forward=kill"}, script: inner, signals: []syscall.Signal{usr1}, out: "inner, outer", status: 5},
		{what: "-c", name: own, args: []string{"-gc"}, script: lone, signals: []syscall.Signal{usr1}, out: "outer", status: 5},
		{what: "--rewrite", name: own, args: []string{"--rewrite", "TERM:USR2,HUP:0"}, script: `for s in HUP TERM; do trap "echo $s" $s; done; trap "echo USR2; exit 3" USR2; echo ready; echo ready; ` + lines, signals: []syscall.Signal{hup, term}, out: "USR2", status: 3, in: true},
		{what: "--remap-exit", name: own, args: []string{"-e7:9", "--remap-exit=8"}, script: "exit 7", status: 9},
		{what: "cwd", name: own, script: cwd, out: "/"},
		{what: "reaper", name: own, plainly: true, script: adopted, out: "here"},
		{what: "no reaper", name: own, args: []string{"--subreaper=false"}, plainly: true, script: adopted, out: "elsewhere"},
		{what: "-w", name: own, args: text("-w"), script: `(sleep 0.3 & :); sleep 0.8`, stderr: `name="sleep"`},
		{what: "--verbose", name: own, args: text("-v"), script: asleep, signals: []syscall.Signal{term}, status: 143, stderr: `exiting: the command was killed by SIGTERM command="sh" pid=`},
		{what: "json", name: own, args: []string{"-v"}, script: asleep, signals: []syscall.Signal{term}, status: 143, stderr: `"last-signal":"SIGTERM from `},

		{what: "--stop-timeout", name: own, args: text("--stop-timeout", "200ms"), script: stubborn, signals: []syscall.Signal{term}, status: 137, stderr: "killing what is left", in: true},
		{what: "--stop-signals", name: own, args: text("--stop-timeout", "200ms", "--stop-signals=USR1"), script: `trap "echo ready" TERM; trap "" USR1; echo ready; ` + lines, signals: []syscall.Signal{term, usr1}, status: 137},
		{what: "stop of a stopped command", name: own, args: []string{"--stop-timeout=5s"}, script: `(sleep 0.1; kill -TERM ` + initPID + `) & echo ready; kill -STOP $$; ` + lines, status: 143},
		{what: "--drain", name: own, args: text("-v", "--drain", "200ms"), script: `trap "echo TERM; exit 3" TERM; ` + asleep, signals: []syscall.Signal{term}, out: "TERM", status: 3, stderr: "draining"},
		{what: "--drain cut short", name: own, args: []string{"--drain=60s"}, script: `trap "echo TERM; exit 3" TERM; trap "" INT; echo ready; echo ready; ` + lines, signals: []syscall.Signal{term, syscall.SIGINT}, out: "TERM", status: 3},
		{what: "--wait-all", name: own, args: []string{"--wait-all"}, script: `(sleep 0.2; echo later) & exit 4`, out: "later", status: 4, in: true},
		{what: "--wait-all hands on", name: own, args: []string{"--wait-all"}, script: `exec 3<&0; (trap "echo TERM; exit" TERM; while [ -d /proc/$$ ]; do sleep 0.01; done; exec <&3; echo ready; ` + lines + `) & exit 4`, signals: []syscall.Signal{term}, out: "TERM", status: 4},
		{what: "--kill-remaining", name: own, args: []string{"--kill-remaining=200ms"}, script: `(trap "echo left; exit" TERM; echo ready; sleep 60 & wait) & (trap "" TERM; exec setsid sleep 60) & sleep 0.2; exit 4`, out: "left", status: 4, in: true},
		{what: "--kill-remaining at once", name: own, args: []string{"--kill-remaining=0"}, script: `(trap "" TERM; exec setsid sleep 60) & exit 4`, status: 4},
		{what: "--exit-zero-on-stop", name: own, args: []string{"--exit-zero-on-stop"}, script: asleep, signals: []syscall.Signal{term}},
		{what: "--exit-zero-on-stop by code", name: own, args: []string{"--exit-zero-on-stop"}, script: `trap "exit 143" TERM; ` + asleep, signals: []syscall.Signal{term}},
		{what: "--exit-zero-on-stop otherwise", name: own, args: []string{"--exit-zero-on-stop"}, script: `trap "exit 3" TERM; ` + asleep, signals: []syscall.Signal{term}, status: 3},
		{what: "--exit-by-signal", name: own, args: []string{"--exit-by-signal"}, plainly: true, script: `ulimit -c 0; kill -SEGV $$`, status: -int(syscall.SIGSEGV)},
		{what: "--exit-by-signal as PID 1", name: own, args: []string{"--exit-by-signal"}, first: true, script: `kill -TERM $$`, status: 143},
		{what: "--on-signal", name: own, args: []string{"--on-signal=HUP=restart"}, script: `trap "echo TERM; exit 3" TERM; echo started; ` + asleep, signals: []syscall.Signal{hup, term}, out: "started, TERM, started, TERM", status: 3},
		{what: "--on-signal, where it was", name: own, args: []string{"--on-signal=HUP=restart"}, script: `case $(pwd -P) in /) echo lost ;; *) echo here ;; esac; trap "exit 3" TERM; ` + asleep, signals: []syscall.Signal{hup, term}, out: "here, here", status: 3},
		{what: "environment", name: own, env: []string{"SUPERVISE_INIT_REWRITE=15:10", "SUPERVISE_INIT_REMAP_EXIT=138:5"}, script: asleep, signals: []syscall.Signal{term}, status: 5, in: true},
		{what: "environment wrong", name: own, env: []string{"SUPERVISE_INIT_DRAIN=soon"}, script: asleep, status: 2, stderr: "SUPERVISE_INIT_DRAIN"},
		{what: "--ready-fd", name: own, args: []string{"--ready-fd", "1"}, script: `sleep 0.1; echo after`, out: ", after"},
		{what: "WATCHDOG_PID of others", name: own, env: []string{"WATCHDOG_PID=1234567", "WATCHDOG_USEC=5"}, script: `echo $WATCHDOG_PID $WATCHDOG_USEC`, out: "1234567 5"},
		{what: "LISTEN_PID of others", name: own, env: []string{"LISTEN_PID=1234567"}, script: `echo $LISTEN_PID`, out: "1234567"},
	}...)
}

// initPID is what a script below init calls it.
const initPID = `$PPID`
