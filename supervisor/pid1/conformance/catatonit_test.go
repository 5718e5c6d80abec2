package conformance

import (
	"syscall"
	"testing"
)

func TestCatatonit(t *testing.T) { run(t, catatonitRows()) }

func catatonitRows() []row {
	return append(common(catatonit, 1, 1), []row{
		{what: "no arguments", name: catatonit, status: 1, stderr: "missing program name", real: true},
		{what: "unknown flag", name: catatonit, args: []string{"-x", "true"}, status: 1, stderr: "invalid option -- 'x'", real: true},
		{what: "unknown long flag", name: catatonit, args: []string{"--foo"}, status: 1, stderr: "unrecognized option '--foo'", real: true},
		{what: "help", name: catatonit, args: []string{"-h"}, stderr: "-g ", real: true},
		{what: "CATATONIT_LOG", name: catatonit, env: []string{"CATATONIT_LOG=1"}, command: []string{"true"}, status: 1, stderr: "reserved", real: true},
		{what: "CATATONIT_DEBUG", name: catatonit, env: []string{"CATATONIT_DEBUG="}, command: []string{"true"}, stderr: "DEBUG (catatonit:", real: true},
		{what: "without -g", name: catatonit, script: lone, signals: []syscall.Signal{usr1}, out: "outer", status: 5, real: true},
		{what: "-g", name: catatonit, args: []string{"-g"}, script: inner, signals: []syscall.Signal{usr1}, out: "inner, outer", status: 5, real: true, in: true},
		{what: "own group", name: catatonit, script: `read a b c d e f g </proc/self/stat; [ $e = $a ] && echo group; [ $f = $a ] && echo session; :`, out: "group", real: true},
		{what: "cwd", name: catatonit, script: cwd, out: "/"},
		{what: "stop signals swallowed", name: catatonit, plainly: true, status: 143, real: true, out: "S S", command: append([]string{"--"}, stopped("TSTP")...)},
		{what: "reaper", name: catatonit, plainly: true, script: adopted, out: "here", real: true},
		{what: "arguments of the program", name: catatonit, command: []string{"sh", "-c", "exit 6"}, status: 6},
	}...)
}

// TestPause tries the mode without a command.
func TestPause(t *testing.T) {
	each(t, catatonit, true, func(t *testing.T, p program) {
		for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
			i := launch(t, nil, p.file, "-P")
			awaitCaught(t, i.cmd.Process.Pid)
			i.send(t, plainly, usr1)
			i.send(t, plainly, s)
			if status := i.status(t); status != 0 {
				t.Errorf("%v: status %d", s, status)
			}
		}
	})
}
