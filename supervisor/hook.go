package supervisor

import (
	"strconv"
	"strings"
	"time"

	"supervise/config"
	"supervise/signals"
	"supervise/signals/send"
	"supervise/supervisor/journal"
	"supervise/supervisor/process"
)

// hookName is under what the output of hooks is shown.
const hookName = "hook"

// hook is a program that runs because of a signal.
type hook struct {
	signal signals.Signal
	began  time.Duration
	timer  *time.Timer
	entry  uint64 // of the journal, which tells that it was started,
	origin uint64 // and the one that tells of the signal
}

// hookKind is the kind of the entries of the journal that tell of hooks.
const hookKind = "hook"

// runHook starts the program of a rule. It is no service: it is started once, and killed
// with its group when its time is over.
func (s *Supervisor) runHook(command config.Command, info signals.Info) {
	env := s.inherited.below([]string{
		"SUPERVISE_SIGNAL=" + info.Signal.String(), "SUPERVISE_SENDER=" + strconv.Itoa(int(info.PID)),
		"SUPERVISE_VALUE=" + strconv.FormatUint(info.Value, 10), "SUPERVISE_RUNTIME_DIR=" + s.dir.Path,
	})
	fail := func(err error) {
		s.log.Error().Err(err).Stringer("signal", info.Signal).Strs("command", command.Argv).Msg("cannot run the hook")
		s.add(journal.Entry{Kind: hookKind, Cause: s.asking.entry, Origin: s.asking.entry, Text: "cannot run the hook: " + err.Error()}, 0)
	}
	path, havePath := lookup(env, "PATH")
	file, err := process.Lookup(command.Argv[0], path, havePath)
	if err != nil {
		fail(err)
		return
	}
	_, ends, err := s.console.Attach(hookName)
	if err != nil {
		fail(err)
		return
	}
	defer ends.Close()
	child, err := process.Start(&process.Spec{
		Path: file, Argv: command.Argv, Env: env, Files: []int{s.null, ends.Stdout, ends.Stderr},
		OnlyFiles: true, Placement: process.OwnSession, NoPIDFD: true,
	})
	if err != nil {
		fail(err)
		return
	}
	pid := child.PID
	entry := s.add(journal.Entry{
		Kind: hookKind, PID: pid, Cause: s.asking.entry, Origin: s.asking.entry,
		Text: "runs the hook " + strings.Join(command.Argv, " "),
	}, 0)
	s.hooks[pid] = hook{info.Signal, s.now(), time.AfterFunc(command.Timeout, func() {
		s.mailbox.post(func() { s.hookTimedOut(pid) })
	}), entry, s.asking.entry}
	s.log.Info().Int("pid", pid).Strs("command", command.Argv).Stringer("signal", info.Signal).Msg("runs a hook")
}

func (s *Supervisor) hookTimedOut(pid int) {
	if hook, ok := s.hooks[pid]; ok {
		s.log.Warn().Int("pid", pid).Stringer("signal", hook.signal).Msg("the hook's time is over: it is killed")
		send.Group(pid, signals.SIGKILL)
		send.Process(pid, signals.SIGKILL)
	}
}

// hookEnded takes note of a child's end if it was a hook.
func (s *Supervisor) hookEnded(pid int, exit signals.Exit) bool {
	hook, ok := s.hooks[pid]
	if !ok {
		return false
	}
	hook.timer.Stop()
	delete(s.hooks, pid)
	line := s.log.Info()
	if exit.Signal != 0 || exit.Code != 0 {
		line = s.log.Warn()
	}
	text := "the hook " + exit.String()
	line.Int("pid", pid).Stringer("signal", hook.signal).Stringer("after", (s.now() - hook.began).Round(time.Millisecond)).Msg(text)
	s.add(journal.Entry{Kind: hookKind, PID: pid, Cause: hook.entry, Origin: hook.origin, Text: text}, 0)
	return true
}
