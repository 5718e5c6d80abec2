package settings

import (
	"fmt"

	"supervise/coredump"
	"supervise/signals"
)

var noteRules = []rule{
	{
		id: "filter-no-stacks", effect: Poor, kinds: every,
		general: "its core filter leaves out private-anonymous memory: no stack, no heap; notes with the registers are there all the same",
		remedy:  "supervise core filter PID default",
		holds: func(s *Subject) (string, bool) {
			p := &s.Process
			return fmt.Sprintf("its core filter %v leaves out private-anonymous memory: no stack, no heap; notes with the registers are there all the same", p.Filter), p.HasFilter && p.Filter&coredump.PrivateAnonymous == 0
		},
	},
	{
		id: "filter-no-headers", effect: Note, kinds: every,
		general: "its core filter leaves out elf-headers: the core does not say which builds of its files were loaded",
		remedy:  "supervise core filter PID default",
		when: func(s *Subject) bool {
			p := &s.Process
			return p.HasFilter && p.Filter&(coredump.ELFHeaders|coredump.PrivateFileBacked) == 0 && p.Filter&coredump.PrivateAnonymous != 0
		},
	},
	{
		id: "root-only", effect: Note, kinds: every,
		general: "it is not an ordinary process (set-user-ID, or its ids have changed), and fs.suid_dumpable is 2: its core is root's; there is none if it has called prctl(PR_SET_DUMPABLE, 0)",
		when:    func(s *Subject) bool { return s.dumpable() == rootOnly },
	},
	{
		id: "signal-caught", effect: Note, kinds: every,
		general: "it catches or ignores signals that end in a core: there is one if the handler sets the signal back to its default and raises it again",
		remedy:  "a Go program leaves a core with GOTRACEBACK=crash; for Java see its own hs_err files",
		holds: func(s *Subject) (string, bool) {
			p := &s.Process
			var caught signals.Set
			for signal := signals.Signal(1); signal < signals.KernelRTMin; signal++ {
				if signal.Default() == signals.Core {
					caught |= (p.Caught | p.Ignored) & (1 << (signal - 1))
				}
			}
			sentence := "it catches or ignores " + caught.String() + ": there is a core then if the handler sets the signal back to its default and raises it again"
			return sentence, caught != 0 && !p.Self && !p.Memoryless
		},
	},
	{
		id: "namespace-init", effect: Note, kinds: every,
		general: "it is PID 1 of its PID namespace, which signals sent from inside do not end unless it handles them; its own faults do",
		when:    func(s *Subject) bool { return s.Process.InnermostID == 1 && !s.Process.Self },
	},
	{
		id: "traced", effect: Note, kinds: every,
		general: "a debugger traces it, which sees each signal first, and may keep it",
		holds: func(s *Subject) (string, bool) {
			return fmt.Sprintf("pid %d traces it, sees each signal first, and may keep it", s.Process.Tracer), s.Process.Tracer != 0
		},
	},
	{
		id: "seccomp-strict", effect: Note, kinds: every,
		general: "it is in seccomp's strict mode: a forbidden system call ends it by SIGKILL, without a core",
		when:    func(s *Subject) bool { return s.Process.Strict },
	},
	{
		id: "confined", effect: Note, kinds: files,
		general: "a security module confines it (AppArmor, SELinux), which may forbid to write the core; so may Landlock, which cannot be seen",
		remedy:  "allow it in the profile, or use a pipe or a socket",
		holds: func(s *Subject) (string, bool) {
			return fmt.Sprintf("it is confined by the profile %q, which may forbid to write the core", s.Process.Confined), s.Process.Confined != ""
		},
	},
	{
		id: "not-ours-to-see", effect: Note, kinds: pipes | sockets,
		general: "we are in a container: core_pattern is the host's, and so is the program or the socket that it names, which cannot be seen from here",
		remedy:  "ask whoever runs the host; in Kubernetes a DaemonSet can collect the cores of a node",
		when:    func(s *Subject) bool { return s.Inside },
	},
	{
		id: "settings-read-only", effect: Note, kinds: every,
		general: "/proc/sys is read-only here, as in a container: core_pattern holds for the whole machine, and is set on the host",
		when:    func(s *Subject) bool { return s.ReadOnly },
	},
}
