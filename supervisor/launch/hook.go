package launch

import (
	"strconv"

	"supervise/signals"
	"supervise/supervisor/launch/environ"
	"supervise/supervisor/process"
)

// Hook is a program that is run because of a signal.
type Hook struct {
	Command    []string     // argv; never empty
	Signal     signals.Info // the signal, with its sender and value
	RuntimeDir string
	Files      [3]int // become its descriptors 0, 1 and 2
	Progress   *process.Progress
}

// StartHook starts a hook, as the supervisor's user and in a session of its own. The caller
// reaps it. It waits as [Launcher.Start] does.
func (l *Launcher) StartHook(hook Hook) (process.Process, error) {
	spec, err := l.hookSpec(&hook)
	if err != nil {
		return process.Process{}, err
	}
	spec.Files, spec.Progress = hook.Files[:], hook.Progress
	return l.filter.start(spec, nil)
}

// hookSpec says how to start a hook, except for its output.
func (l *Launcher) hookSpec(hook *Hook) (*process.Spec, error) {
	env := l.inherited.For(&environ.Recipient{Own: []string{
		"SUPERVISE_SIGNAL=" + hook.Signal.Signal.String(),
		"SUPERVISE_SENDER=" + strconv.Itoa(int(hook.Signal.PID)),
		"SUPERVISE_VALUE=" + strconv.FormatUint(hook.Signal.Value, 10),
		"SUPERVISE_RUNTIME_DIR=" + hook.RuntimeDir,
	}})
	file, err := l.programs.find(hook.Command[0], env)
	if err != nil {
		return nil, err
	}
	return program(file, hook.Command, env), nil
}
