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
	Output     Output
}

// StartHook starts a hook, as the supervisor's user and in a session of its own. The caller
// reaps it.
func (l *Launcher) StartHook(hook Hook) (process.Process, error) {
	spec, err := l.hookSpec(&hook)
	if err != nil {
		return process.Process{}, err
	}
	files, release, err := hook.Output.Attach(-1, -1)
	if err != nil {
		return process.Process{}, err
	}
	defer release()
	spec.Files = files[:]
	return process.Start(spec)
}

// hookSpec says how to start a hook, except for its output.
func (l *Launcher) hookSpec(hook *Hook) (*process.Spec, error) {
	return program(hook.Command, l.inherited.For(&environ.Recipient{Own: []string{
		"SUPERVISE_SIGNAL=" + hook.Signal.Signal.String(),
		"SUPERVISE_SENDER=" + strconv.Itoa(int(hook.Signal.PID)),
		"SUPERVISE_VALUE=" + strconv.FormatUint(hook.Signal.Value, 10),
		"SUPERVISE_RUNTIME_DIR=" + hook.RuntimeDir,
	}}))
}
