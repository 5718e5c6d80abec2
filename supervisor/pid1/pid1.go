package pid1

import (
	"syscall"

	"supervise/internal/sys"
	"supervise/signals"
	"supervise/signals/intake"
	"supervise/signals/queue"
	"supervise/signals/send"
	"supervise/supervisor/process"
)

// forwarded is what is handed on: every signal that reaches us, but for SIGCHLD, which
// is about us.
const forwarded = signals.Full &^ (1<<(signals.SIGKILL-1) | 1<<(signals.SIGSTOP-1) | 1<<(signals.SIGCHLD-1))

// backlogLimit is how many real-time signals wait for the command before those that
// follow are left in the kernel: 12 MiB at the most.
const backlogLimit = 1 << 18

// supervisor is the state of a running init.
type supervisor struct {
	in      *intake.Intake
	log     logger
	command process.Process
	name    string
	backlog queue.Queue
	retry   queue.Backoff
	held    bool // the real-time signals are left in the kernel
	orphans int
}

// Run starts the command and returns the status to exit with once it has ended. It takes
// over the process: its signals, its children, its terminal. It is called on the
// goroutine that called intake.Start.
func Run(in *intake.Intake, options Options) (status int) {
	s := &supervisor{
		in: in, name: options.Command[0],
		log:     logger{fd: 2, level: options.Level, json: options.JSON},
		backlog: queue.New(backlogLimit, queue.Wait),
	}
	if syscall.Getpid() != 1 {
		if err := sys.Subreaper(); err != nil {
			s.log.say(Warn, "cannot become child subreaper, orphans will not be reaped here", word("error", err.Error()))
		}
	}
	terminal := foreground()
	if err := s.start(options.Command, terminal); err != nil {
		s.log.say(Error, "cannot start "+s.name+": "+err.Error(), number("status", err.Status()))
		return err.Status()
	}
	in.Quiet()
	s.relay()
	exit := s.loop()
	if terminal {
		reclaim()
	}
	s.farewell(exit)
	return exit.Status()
}

// start starts the command with what we were handed, as if we were not there.
func (s *supervisor) start(command []string, terminal bool) *process.StartError {
	path, havePath := syscall.Getenv("PATH")
	file, err := process.Lookup(command[0], path, havePath)
	if err != nil {
		return err.(*process.StartError)
	}
	found := s.in.Inherited()
	s.command, err = process.Start(&process.Spec{
		Path: file, Argv: command, Env: syscall.Environ(),
		Mask: found.Mask, Ignore: found.Ignored,
		Files:     []int{0, 1, 2},
		Placement: process.OwnGroup, HasTerminal: terminal,
		Limits: []process.Limit{{Resource: syscall.RLIMIT_NOFILE, Soft: found.NoFile.Soft, Hard: found.NoFile.Hard}},
	})
	if err != nil {
		return err.(*process.StartError)
	}
	return nil
}

// relay lets the intake hand signals on itself, unless each of them is to be told or
// some wait here that must go first.
func (s *supervisor) relay() {
	if s.log.enabled(Debug) || s.backlog.Len() > 0 {
		s.in.Relay(0, 0)
		return
	}
	s.in.Relay(s.command.PID, forwarded)
}

// loop goes on until the command has ended.
func (s *supervisor) loop() signals.Exit {
	for {
		timeout := intake.Forever
		if s.backlog.Len() > 0 {
			timeout = s.retry.Next()
		}
		if info, ok := s.in.Wait(timeout); ok {
			s.forward(info)
			continue
		}
		if exit, ended := s.reap(); ended {
			return exit
		}
		if s.backlog.Len() > 0 {
			s.flush()
		}
	}
}

// reap takes every child that has ended out of the kernel, and reports how the command
// did if it was one of them.
func (s *supervisor) reap() (exit signals.Exit, ended bool) {
	for {
		child, ok, _ := sys.Reap()
		if !ok {
			return exit, ended
		}
		if child.PID == s.command.PID {
			exit, ended = child.Exit, true
			s.in.Relay(0, 0) // its pid may now be anyone's
			continue
		}
		s.orphans++
		if s.log.enabled(Debug) {
			s.log.say(Debug, "reaped an orphan that "+child.Exit.String(), number("pid", child.PID))
		}
	}
}

// forward hands one signal on, or keeps it behind others that wait.
func (s *supervisor) forward(info signals.Info) {
	if info.Signal.RealTime() && s.backlog.Len() > 0 {
		s.keep(info)
		return
	}
	switch result := send.Info(s.command.PID, info); result {
	case send.OK:
		if s.log.enabled(Debug) {
			s.log.say(Debug, "handed on "+info.String(), number("to", s.command.PID))
		}
	case send.Again:
		s.keep(info)
		s.relay()
	case send.Gone:
		s.log.say(Info, "the command has ended before "+info.String()+" could be handed on")
	case send.Refused:
		s.log.say(Warn, "cannot hand "+info.String()+" on to the command: "+result.String())
	}
}

// keep appends a real-time signal to the backlog. When that is full, those that follow
// are left in the kernel, where their senders can see them.
func (s *supervisor) keep(info signals.Info) {
	s.backlog.Push(queue.Item{Info: info})
	if s.backlog.Full() && !s.held {
		s.held = true
		s.in.Hold(signals.Full)
		s.log.say(Warn, "the command does not take its real-time signals: no more are taken in", number("waiting", s.backlog.Len()))
	}
}

// flush hands on what waits, as far as the kernel takes it.
func (s *supervisor) flush() {
	for {
		item, ok := s.backlog.Front()
		if !ok {
			break
		}
		if send.Info(s.command.PID, item.Info) == send.Again {
			break
		}
		s.backlog.Pop()
		s.retry.Reset()
	}
	if s.held && s.backlog.Len() < backlogLimit/2 {
		s.held = false
		s.in.Release(signals.Full)
	}
	s.relay()
}

// farewell is the last line: why we exit.
func (s *supervisor) farewell(exit signals.Exit) {
	fields := []field{word("command", s.name), number("pid", s.command.PID), number("status", exit.Status()), number("orphans", s.orphans)}
	if count, last := s.in.Relayed(); count > 0 {
		fields = append(fields, word("last-signal", last.String()))
	}
	s.log.say(Info, "the command "+exit.String(), fields...)
	if lost := s.in.Lost(); lost > 0 {
		s.log.say(Error, "signals were lost on the way in", number("count", int(lost)))
	}
	if waiting := s.backlog.Len(); waiting > 0 {
		s.log.say(Warn, "the command ended with real-time signals still waiting for it", number("count", waiting))
	}
}

// Main is supervise init: the arguments are the program's own, argv[0] first, and rest
// those after "init". It returns the status to exit with.
func Main(argv, rest []string) int {
	options, err := Parse(rest, isTerminal(2))
	if err != nil {
		stderr("supervise init: " + err.Error() + "\nTry 'supervise init --help'.\n")
		return 2
	}
	if options.Help {
		_, _ = syscall.Write(1, []byte(Usage))
		return 0
	}
	in, err := intake.Start(argv)
	if err != nil {
		stderr("supervise init: " + err.Error() + "\n")
		return 126
	}
	return Run(in, options)
}

func stderr(message string) {
	_, _ = syscall.Write(2, []byte(message))
}
