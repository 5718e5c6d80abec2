package sim

import (
	"strconv"
	"time"

	"supervise/config"
	"supervise/signals"
)

// forwarded are the signals that services may forward: standard and real-time ones.
var forwarded = []signals.Signal{signals.SIGHUP, signals.SIGUSR1, signals.SIGWINCH, signals.SIGRTMIN, 35, 36, 64}

// commanding are the signals that have rules which command. None of them is forwarded.
var commanding = []signals.Signal{
	signals.SIGVTALRM, signals.SIGPROF, signals.SIGPWR, signals.SIGURG, signals.SIGXCPU, signals.SIGTTIN, signals.SIGRTMIN + 20,
}

// The bounds of what a random configuration may ask for.
const (
	maxServices = 6
	longRung    = 10 * time.Minute // longer than any shutdown may take
	maxTimeout  = 40 * time.Second
)

// file makes a random configuration.
func (w *world) file() *config.File {
	file := &config.File{
		Path:       "/start",
		Supervisor: config.Supervisor{ShutdownTimeout: time.Duration(w.random.Int64N(int64(maxTimeout)))},
		Signals: map[signals.Signal]config.Rule{
			signals.SIGTERM: config.Shutdown, signals.SIGINT: config.Shutdown,
			signals.SIGQUIT: config.ShutdownNow, signals.SIGUSR2: config.Ignore,
		},
		Commands: map[signals.Signal]config.Command{},
		HangUp:   w.chance(2),
		Core:     config.Collection{Timeout: w.pick(0, time.Second, 10*time.Second, time.Minute)},
	}
	for _, s := range commanding {
		file.Commands[s] = w.command()
	}
	for i := range 1 + w.random.IntN(maxServices) {
		file.Services = append(file.Services, w.specOf("s"+strconv.Itoa(i)))
	}
	w.relate(file)
	return file
}

// command makes a random rule that commands, also what does not exist.
func (w *world) command() config.Command {
	verbs := []config.Verb{
		config.CommandStart, config.CommandRestart, config.CommandReload, config.CommandReload, config.CommandPause,
		config.CommandContinue, config.CommandContinue, config.CommandUpdate, config.CommandRun, config.CommandStop, config.CommandReopen,
	}
	command := config.Command{
		Verb: verbs[w.random.IntN(len(verbs))], FromValue: w.chance(3),
		Argv: []string{"/bin/hook"}, Timeout: w.pick(time.Millisecond, 10*time.Second),
	}
	if !command.FromValue {
		first := w.random.IntN(maxServices)
		for i := range 1 + w.random.IntN(2) {
			command.Services = append(command.Services, "s"+strconv.Itoa(first+i))
		}
	}
	return command
}

// commandNames are what a service may execute. Another one takes a restart, as the only one of
// the settings that differ.
var commandNames = []string{"/bin/one", "/bin/other"}

// specOf makes random settings of a service.
func (w *world) specOf(name string) config.Service {
	return config.Service{
		Name:    name,
		Command: []string{commandNames[w.random.IntN(len(commandNames))]},
		Log:     logOf(name),
		Enabled: !w.chance(4),
		Type:    w.typeOf(name),
		UpAfter: w.pick(0, time.Millisecond, 250*time.Millisecond, 5*time.Second),
		Restart: w.restart(),
		Stop:    config.Stop{Ladder: w.ladder()},
		Reload:  []signals.Signal{signals.SIGHUP, signals.SIGUSR1, 36}[w.random.IntN(3)],
		Signals: w.forwarding(),
	}
}

// logOf is prefixed or inherited, and always the same for a name: another one takes a restart.
func logOf(name string) config.Log {
	if name[len(name)-1]%3 == 0 {
		return config.Log{Mode: config.Inherit}
	}
	return config.Log{Mode: config.Prefix}
}

func (w *world) restart() config.Restart {
	r := config.Restart{
		Policy:     config.Policy(w.random.IntN(3)),
		Delay:      w.pick(0, 0, time.Millisecond, 500*time.Millisecond, 5*time.Second),
		Factor:     1 + 2*w.random.Float64(),
		MaxDelay:   w.pick(0, time.Second, 30*time.Second),
		ResetAfter: w.pick(time.Second, 30*time.Second),
		Success:    []config.Outcome{{Code: 0}, {Signal: signals.SIGTERM}},
	}
	if w.chance(2) {
		r.Policy = config.Always
	}
	if w.chance(2) {
		r.Jitter = w.random.Float64()
	}
	if w.chance(3) {
		r.Limit = 1 + w.random.IntN(20)
	}
	return r
}

// ladder does not begin with SIGCONT, of which the journal does not tell.
func (w *world) ladder() []config.Rung {
	var ladder []config.Rung
	for range w.random.IntN(4) {
		kinds := []signals.Signal{signals.SIGTERM, signals.SIGQUIT, signals.SIGINT, signals.SIGKILL, signals.SIGWINCH, signals.SIGCONT}
		if ladder == nil {
			kinds = kinds[:len(kinds)-1]
		}
		ladder = append(ladder, config.Rung{
			Signal:  kinds[w.random.IntN(len(kinds))],
			Scope:   config.Scope(w.random.IntN(3)),
			Timeout: w.pick(0, 100*time.Millisecond, 10*time.Second, longRung),
		})
	}
	return ladder
}

func (w *world) forwarding() config.Signals {
	spec := config.Signals{
		Forward: map[signals.Signal]signals.Signal{},
		Queue:   config.Queue{Limit: 1 + w.random.IntN(12), WhenFull: config.WhenFull(w.random.IntN(3))},
	}
	for _, from := range forwarded {
		if w.chance(2) {
			to := from
			if w.chance(3) {
				to = forwarded[w.random.IntN(len(forwarded))]
			}
			spec.Forward[from] = to
		}
	}
	return spec
}
