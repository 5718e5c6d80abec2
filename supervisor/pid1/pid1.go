package pid1

import (
	"runtime"
	"syscall"

	"supervise/internal/sys"
	"supervise/signals"
	"supervise/signals/intake"
	"supervise/signals/queue"
	"supervise/supervisor/process"
)

// supervisor is the state of a running init.
type supervisor struct {
	*Options
	in       *intake.Intake
	log      logger
	pid      int
	name     string
	terminal Terminal
	alarms   alarms

	command process.Process
	phase   phase
	exit    signals.Exit // of the command
	killer  string       // who sent the signal that ended it, in words that follow its name; "": it is not known
	orphans int

	// Signals that are being forwarded.
	backlog     queue.Queue
	retry       queue.Backoff
	held        bool         // real-time signals are left in the kernel
	last        signals.Info // the last one that the relay did not forward
	before      uint64       // how many the relay had forwarded then
	warnedGroup bool         // that signals for a group lose payload and sender

	stopping      stopping
	stopForwarded bool // a job-control stop was forwarded since the last SIGCONT
	killing       bool // everything is being killed
	zombies       zombieScan
	recorder      recorder
}

// phase is the stage of the command's life.
type phase uint8

const (
	running  phase = iota // the command runs
	clearing              // it has ended, and its descendants are being ended
	staying               // it has ended, and its descendants are awaited
	over
)

// Run starts the command and returns the status to exit with when it has ended. It takes over
// the process: its signals, children, terminal, and descriptors above 2. It is called on the
// goroutine that started the intake.
func Run(in *intake.Intake, options *Options) (status int) {
	s := &supervisor{
		Options: options, in: in, pid: syscall.Getpid(), log: newLogger(options.Log),
		backlog: queue.New(backlogLimit, queue.Wait),
	}
	for from := range signals.Max + 1 {
		s.in.RelayRewrite(from, s.Rewrite.Of(from))
	}
	if !s.Pause {
		s.name = s.Command[0]
	}
	if adopted != nil {
		s.adopt(adopted)
	} else if status, ok := s.begin(); !ok {
		return status
	}
	s.loop()
	s.terminal.Reclaim(s.command.PID)
	return s.finish()
}

// begin starts the command. If it does not run, it returns the status to exit with.
func (s *supervisor) begin() (status int, ok bool) {
	if warning, errno := s.ReapsOrphans(s.pid); errno != 0 {
		s.log.say(Warn, warning, word("error", errno.Error()))
	} else if warning != "" {
		s.log.say(Warn, warning)
	}
	parentGone := s.watchParent()
	if parentGone && s.ParentDeath == signals.SIGKILL {
		s.log.say(Info, "exiting: the parent has ended", number("parent", s.Parent))
		return 128 + int(signals.SIGKILL), false
	}
	if !s.Pause {
		s.terminal = OpenTerminal(s.Placement)
		if s.ReadyFD > 2 {
			syscall.CloseOnExec(s.ReadyFD)
		}
		s.in.MaskThreadsAsync() // meanwhile the command is started
		if err := s.start(); err != nil {
			s.terminal.Reclaim(0)
			return s.cannotStart(err), false
		}
	}
	s.afterStart()
	if parentGone {
		s.receive(signals.Info{Signal: s.ParentDeath, PID: int32(s.Parent)})
	}
	return 0, true
}

// watchParent asks the kernel for a signal when our parent ends, and reports whether it has
// already.
func (s *supervisor) watchParent() (gone bool) {
	if s.ParentDeath == 0 {
		return false
	}
	if err := sys.ParentDeath(s.ParentDeath); err != nil {
		s.log.say(Warn, "cannot watch the parent: "+err.Error())
	}
	return syscall.Getppid() != s.Parent
}

// mostProcessors is how many threads may run Go code at the same time. The runtime starts one
// for each when it collects garbage, and ends the process if it cannot.
const mostProcessors = 2

// afterStart does what can wait until the command runs.
func (s *supervisor) afterStart() {
	if !s.KeepDirectory && s.RestartOn == 0 { // a restarted command starts in our directory
		_ = syscall.Chdir("/") // so that we keep no mount busy
	}
	s.ready()
	s.release()
	s.record() // behind release, which closes descriptors
	s.attend()
}

// attend begins to forward signals to a command that runs.
func (s *supervisor) attend() {
	if runtime.GOMAXPROCS(0) > mostProcessors {
		runtime.GOMAXPROCS(mostProcessors)
	}
	s.in.MaskThreads()
	s.relay()
	s.alarms.in(alarmTidy, tidyAfter)
}

// tidyAfter is when the pages of code are given back that only the start needed, half of
// what we use: late enough to be of no cost to a command that ends soon.
const tidyAfter = 500 * millisecond

// loop runs until nothing is left to do.
func (s *supervisor) loop() {
	for s.phase != over {
		if info, ok := s.in.Wait(s.alarms.timeout()); ok {
			s.receive(info)
		} else {
			s.reap()
		}
		if s.alarms.armed() {
			s.expire(sys.Now())
		}
	}
}

// expire handles the alarms that are due.
func (s *supervisor) expire(now int64) {
	if s.alarms.due(alarmRetry, now) {
		s.flush()
	}
	if s.alarms.due(alarmDrain, now) {
		s.drained()
	}
	if s.alarms.due(alarmKill, now) {
		s.escalate()
	}
	if s.alarms.due(alarmGrace, now) {
		s.graceEnded()
	}
	if s.alarms.due(alarmGiveUp, now) {
		s.giveUp()
	}
	if s.alarms.due(alarmScan, now) {
		s.scanZombies()
	}
	if s.alarms.due(alarmTidy, now) {
		sys.DropTextPages()
	}
}
