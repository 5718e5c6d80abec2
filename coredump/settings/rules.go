package settings

import (
	"fmt"
	"slices"

	"supervise/coredump"
)

// rules are all reasons, those that have to do with all patterns first. Each was seen to hold
// on a real kernel, or names the function of fs/coredump.c that it is taken from.
//
// All lists are constant data: most programs start without a use for them.
func rules() []rule {
	return slices.Concat(processRules, patternRules, fileRules, pipeRules, socketRules, noteRules)
}

const raiseLimit = "raise it: `core.limit = \"unlimited\"` for a service, `ulimit -c unlimited` in a shell, `prlimit --pid PID --core=unlimited` for a running process"

var processRules = []rule{
	{
		id: "no-memory", effect: None, kinds: every,
		general: "the process has ended and waits to be reaped, or is a kernel thread: there is no memory to dump",
		when:    func(s *Subject) bool { return s.Process.Memoryless },
	},
	{
		id: "set-id", effect: None, kinds: every,
		general: "it runs a set-user-ID or set-group-ID program, or has changed some of its ids, while fs.suid_dumpable was 0",
		remedy:  "set fs.suid_dumpable to 2 before it starts, and core_pattern to an absolute path, a pipe or a socket: the core is root's then; or let the program call prctl(PR_SET_DUMPABLE, 1) after it has changed them",
		holds: func(s *Subject) (string, bool) {
			p := &s.Process
			sentence := fmt.Sprintf("its ids differ (real uid %d, effective %d; real gid %d, effective %d), and fs.suid_dumpable is 0", p.UIDs[0], p.UIDs[1], p.GIDs[0], p.GIDs[1])
			return sentence, s.dumpable() == notDumpable && p.Changed()
		},
	},
	{
		id: "not-dumpable", effect: None, kinds: every,
		general: "it is not dumpable: it has called setuid() or the like since it was executed, or its program may not be read, while fs.suid_dumpable was 0; or it has called prctl(PR_SET_DUMPABLE, 0)",
		remedy:  "have the service started as its user (`user = ...`) instead of letting it change; or set fs.suid_dumpable to 2 before it starts, and core_pattern to an absolute path, a pipe or a socket; or let the program call prctl(PR_SET_DUMPABLE, 1)",
		when:    func(s *Subject) bool { return s.dumpable() == notDumpable && !s.Process.Changed() },
	},
}

var patternRules = []rule{
	{
		id: "no-cores", effect: None, kinds: every,
		general: "this kernel was built without cores: there is no /proc/sys/kernel/core_pattern; or /proc is not mounted",
		remedy:  "mount /proc, or boot a kernel with CONFIG_COREDUMP and CONFIG_ELF_CORE",
		when:    func(s *Subject) bool { return s.NoCores },
	},
	{
		id: "pattern-empty", effect: None, kinds: every,
		general: "core_pattern makes no name: it is empty, or a | without a program, or a socket with spaces in its path",
		remedy:  "set one: supervise core pattern set '/var/cores/%e.%p'",
		holds: func(s *Subject) (string, bool) {
			problem := s.Pattern.Problem(s.Kernel.UsesPID)
			return fmt.Sprintf("core_pattern is %q: %s", s.Kernel.Pattern, problem), problem != "" && !s.NoCores
		},
	},
	{
		id: "kernel-too-old", effect: None, kinds: sockets,
		general: "core_pattern names a socket, which Linux knows since 6.16, and with @@ since 6.17; before that it is the path of a file",
		remedy:  "use a pipe: supervise core pattern set '|PROGRAM %P'",
		when: func(s *Subject) bool {
			return s.Pattern.Kind == coredump.Socket && !s.Kernel.Sockets || s.Pattern.Kind == coredump.RequestSocket && !s.Kernel.Requests
		},
	},
}
