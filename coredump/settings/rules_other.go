package settings

import (
	"errors"
	"fmt"
	"path"

	"golang.org/x/sys/unix"

	"supervise/coredump"
)

var pipeRules = []rule{
	{
		id: "limit-one", effect: None, kinds: pipes,
		general: "its core limit (RLIMIT_CORE, soft) is 1, by which the kernel marks programs that handle cores themselves; other limits do not count for a pipe, 0 neither",
		remedy:  raiseLimit,
		when:    func(s *Subject) bool { return s.Process.Limit == 1 },
	},
	{
		id: "program-missing", effect: None, kinds: pipes,
		general: "the program of core_pattern is not there, in the initial mount namespace and root",
		remedy:  "install it, or set another pattern: supervise core pattern set '/var/cores/%e.%p'",
		holds: func(s *Subject) (string, bool) {
			err := s.Target.Program
			return "the program " + s.Target.Path + " of core_pattern is not there", errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENOTDIR)
		},
	},
	{
		id: "program-unusable", effect: None, kinds: pipes,
		general: "the program of core_pattern cannot be executed: its mode, its file system, or its interpreter",
		remedy:  "make it executable (chmod +x), or set another pattern",
		holds: func(s *Subject) (string, bool) {
			err := s.Target.Program
			return "the program " + s.Target.Path + " of core_pattern cannot be executed: " + text(err), err != nil && !errors.Is(err, unix.ENOENT) && !errors.Is(err, unix.ENOTDIR)
		},
	},
	{
		id: "limit-by-program", effect: None, kinds: pipes,
		general: "the program is systemd-coredump, which stores no core of a process whose core limit (RLIMIT_CORE, soft) is smaller than a page, though the kernel would",
		remedy:  raiseLimit,
		when: func(s *Subject) bool {
			return path.Base(s.Target.Path) == "systemd-coredump" && s.Process.LimitsRead && s.Process.Limit < pageSize
		},
	},
	{
		id: "pipe-limit-reached", effect: None, kinds: pipes,
		general: "as many programs as kernel.core_pipe_limit allows handle cores right now: any further one is lost",
		remedy:  "set kernel.core_pipe_limit higher, or to 0 for no limit",
		holds: func(s *Subject) (string, bool) {
			limit, now := s.Kernel.PipeLimit, s.Target.Running
			return fmt.Sprintf("kernel.core_pipe_limit is %d, and %d programs handle cores right now", limit, now), limit > 0 && now >= limit
		},
	},
	{
		id: "pipe-limit", effect: Note, kinds: pipes,
		general: "kernel.core_pipe_limit is not 0: of more crashes than that at once the others are lost",
		remedy:  "set it to what the machine can handle, or to 0 for no limit",
		holds: func(s *Subject) (string, bool) {
			limit := s.Kernel.PipeLimit
			return fmt.Sprintf("kernel.core_pipe_limit is %d: of more crashes than that at once the others are lost", limit), limit > 0 && s.Target.Running < limit
		},
	},
	{
		id: "not-waited-for", effect: Note, kinds: pipes,
		general: "kernel.core_pipe_limit is 0: the kernel waits for no program, which may find that the process has gone from /proc once it has read the core",
		when:    func(s *Subject) bool { return s.Kernel.PipeLimit == 0 },
	},
	{
		id: "program-decides", effect: Note, kinds: pipes,
		general: "what becomes of the core is up to the program of core_pattern",
		remedy:  "ask it: coredumpctl for systemd-coredump, apport-cli for apport, supervise core list for ours",
		holds: func(s *Subject) (string, bool) {
			return "what becomes of the core is up to " + s.Target.Path, s.Target.Path != ""
		},
	},
	{
		id: "no-pidfd", effect: Note, kinds: pipes,
		general: "core_pattern has %F, which Linux knows since 6.16: the program gets no pidfd",
		when:    func(s *Subject) bool { return s.Pattern.Has(coredump.PIDFD) && !s.Kernel.PIDFD },
	},
}

var socketRules = []rule{
	{
		id: "nobody-listens", effect: None, kinds: sockets,
		general: "nobody listens on the socket of core_pattern: it is not there, or whoever made it has gone. The core is lost without a word",
		remedy:  "start the collector (supervise core serve), or put the pattern back: supervise core pattern restore",
		holds: func(s *Subject) (string, bool) {
			err := s.Target.Socket
			nobody := errors.Is(err, errNobody) || errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENOTDIR)
			return "nobody listens on " + s.Target.Path + ": the core is lost without a word", nobody
		},
	},
	{
		id: "socket-unusable", effect: None, kinds: sockets,
		general: "the socket of core_pattern cannot be connected to: its path leads through a symbolic link, or it is no stream socket",
		remedy:  "name it by a path without symbolic links, as in @@/run/NAME",
		holds: func(s *Subject) (string, bool) {
			err := s.Target.Socket
			nobody := errors.Is(err, errNobody) || errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENOTDIR)
			return "the kernel cannot connect to " + s.Target.Path + ": " + text(err), err != nil && !nobody
		},
	},
	{
		id: "backlog-full", effect: None, kinds: sockets,
		general: "the backlog of the socket is full: who listens there does not accept in time, and the kernel does not wait",
		remedy:  "see what the collector is doing; it needs a larger backlog (net.core.somaxconn limits it)",
		holds: func(s *Subject) (string, bool) {
			return fmt.Sprintf("%d crashes wait at %s already, as many as its backlog takes", s.Target.Waiting, s.Target.Path), s.Target.Full
		},
	},
}
