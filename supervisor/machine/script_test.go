package machine

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"supervise/config"
	"supervise/signals"
)

// A script is what the transcripts in testdata consist of: a configuration in short,
// then events with their times. Everything is one line of words.
//
//	shutdown-timeout 30s
//	core-timeout 60s
//	rule SIGUSR1 ignore        or a command: restart web job, pause by-value, update /etc/file, run backup
//	hang-up                    there is no rule for SIGHUP
//	service web policy=always delay=1s ladder=SIGQUIT:main:5s,SIGTERM:group:5s forward=SIGHUP:SIGUSR1
//
//	at 0s boot                 the time is absolute, or +1s after the step before
//	at +0s spawned web 100     about the last generation, unless it is web/2
//	tick                       at the deadline
//	at 9s update restart web   to the configuration written since the first event, or the last update
//	at 9s inspected web fatal  answers the oldest request, as signalled does; sent the delivery
//
// What a service line leaves out is as in [testService].
type script struct {
	file config.File // for New, or for the next update
	m    *Machine
	now  time.Duration
	seq  EventID

	actions []Action // of the last step
}

// testService has the defaults of the configuration, but no jitter.
func testService(name string) config.Service {
	return config.Service{
		Name: name, Enabled: true,
		Restart: config.Restart{
			Delay: 500 * time.Millisecond, Factor: 2, MaxDelay: 30 * time.Second, ResetAfter: 30 * time.Second,
			Success: []config.Outcome{{Code: 0}, {Signal: signals.SIGTERM}},
		},
		Reload:  signals.SIGHUP,
		Stop:    config.Stop{Ladder: []config.Rung{{Signal: signals.SIGTERM, Timeout: 10 * time.Second}}},
		Signals: config.Signals{Forward: map[signals.Signal]signals.Signal{}, Queue: config.Queue{Limit: 4096}},
	}
}

func newScript() *script { return &script{file: testFile()} }

func testFile() config.File {
	return config.File{
		Supervisor: config.Supervisor{ShutdownTimeout: 30 * time.Second},
		Signals: map[signals.Signal]config.Rule{
			signals.SIGTERM: config.Shutdown, signals.SIGINT: config.Shutdown, signals.SIGQUIT: config.ShutdownNow,
		},
		Commands: map[signals.Signal]config.Command{},
	}
}

// line takes one line of a script and returns the transcript of its step, "" for a
// line of configuration.
func (s *script) line(text string) (out string, err error) {
	defer func() {
		if bad := recover(); bad != nil {
			out, err = "", fmt.Errorf("%q: %v", text, bad)
		}
	}()
	words := strings.Fields(text)
	switch words[0] {
	case "service":
		s.service(words[1], words[2:])
	case "shutdown-timeout":
		s.file.Supervisor.ShutdownTimeout = duration(words[1])
	case "rule":
		s.rule(signal(words[1]), words[2], words[3:])
	case "core-timeout":
		s.file.Core.Timeout = duration(words[1])
	case "hang-up":
		s.file.HangUp = true
	case "tick":
		at, ok := s.machine().Deadline()
		if !ok {
			panic("there is no deadline")
		}
		s.now = at
		return s.step(Event{Kind: Tick}), nil
	case "at":
		if after, relative := strings.CutPrefix(words[1], "+"); relative {
			s.now += duration(after)
		} else {
			s.now = duration(words[1])
		}
		s.machine()
		return s.step(s.event(words[2:])), nil
	default:
		panic("what is that?")
	}
	return "", nil
}

func (s *script) rule(on signals.Signal, does string, args []string) {
	if i := slices.Index(ruleNames, does); i >= 0 {
		s.file.Signals[on] = config.Rule(i)
		return
	}
	verb := slices.Index(verbNames, does)
	if verb < 0 {
		panic("unknown rule")
	}
	command := config.Command{Verb: config.Verb(verb)}
	switch {
	case command.Verb == config.CommandUpdate && len(args) > 0:
		command.File = args[0]
	case command.Verb == config.CommandRun:
		command.Argv, command.Timeout = args, time.Second
	case slices.Equal(args, []string{"by-value"}):
		command.FromValue = true
	default:
		command.Services = args
	}
	s.file.Commands[on] = command
}

var (
	ruleNames = []string{"forward", "shutdown", "shutdown-now", "ignore"}
	verbNames = []string{"", "start", "stop", "restart", "reload", "pause", "continue", "update", "run", "reopen"}
)

func (s *script) machine() *Machine {
	if s.m == nil {
		s.m = New(s.next(), 1)
	}
	return s.m
}

// next returns the configuration that was written, and begins another.
func (s *script) next() *config.File {
	file := s.file
	s.file = testFile()
	return &file
}

func (s *script) service(name string, settings []string) {
	spec := testService(name)
	for _, setting := range settings {
		key, value, _ := strings.Cut(setting, "=")
		switch key {
		case "startup":
			spec.Enabled = value == "enabled"
		case "policy":
			spec.Restart.Policy = map[string]config.Policy{"on-failure": config.OnFailure, "always": config.Always, "never": config.Never}[value]
		case "delay":
			spec.Restart.Delay = duration(value)
		case "max-delay":
			spec.Restart.MaxDelay = duration(value)
		case "reset-after":
			spec.Restart.ResetAfter = duration(value)
		case "jitter":
			spec.Restart.Jitter, _ = strconv.ParseFloat(value, 64)
		case "limit":
			spec.Restart.Limit = number(value)
		case "ladder":
			spec.Stop.Ladder = rungs(value)
		case "reload":
			spec.Reload = signal(value)
		case "forward":
			for pair := range strings.SplitSeq(value, ",") {
				from, to, _ := strings.Cut(pair, ":")
				spec.Signals.Forward[signal(from)] = signal(to)
			}
		case "queue":
			limit, policy, _ := strings.Cut(value, ":")
			spec.Signals.Queue = config.Queue{Limit: number(limit), WhenFull: map[string]config.WhenFull{
				"wait": config.Wait, "drop-oldest": config.DropOldest, "drop-newest": config.DropNewest,
			}[policy]}
		default:
			order(&spec, key, value)
		}
	}
	s.file.Services = append(s.file.Services, spec)
}

// order reads "requires=db:started:restart,log" and its like.
func order(spec *config.Service, key, value string) {
	switch names := strings.Split(value, ","); key {
	case "type":
		spec.Type = map[string]config.Type{"run": config.Run, "once": config.Once}[value]
	case "up-after":
		spec.UpAfter = duration(value)
	case "requires":
		for _, name := range names {
			f := append(strings.Split(name, ":"), "", "")
			need := config.Need{Service: f[0]}
			if f[1] != "" {
				need.Until = map[string]config.Until{"ready": config.UntilReady, "started": config.UntilStarted}[f[1]]
			}
			if f[2] != "" {
				need.OnLoss = map[string]config.OnLoss{"keep": config.KeepIt, "restart": config.RestartIt, "stop": config.StopIt}[f[2]]
			}
			spec.Order.Requires = append(spec.Order.Requires, need)
		}
	case "wants":
		spec.Order.Wants = names
	case "milestone":
		spec.Order.Milestone = names
	case "after":
		spec.Order.After = names
	case "before":
		spec.Order.Before = names
	default:
		panic("unknown setting " + key)
	}
}

func rungs(text string) []config.Rung {
	var ladder []config.Rung
	for part := range strings.SplitSeq(text, ",") {
		if part == "" {
			continue
		}
		f := strings.Split(part, ":")
		scope := map[string]config.Scope{"main": config.Main, "group": config.Group, "tree": config.Tree}[f[1]]
		ladder = append(ladder, config.Rung{Signal: signal(f[0]), Scope: scope, Timeout: duration(f[2])})
	}
	return ladder
}

// ofGeneration reports whether events of a kind are about one generation.
func ofGeneration(kind EventKind) bool { return kind >= Spawned }

// event reads "exited web code 1 survivors" and its like.
func (s *script) event(words []string) Event {
	var ev Event
	kind := slices.Index(eventNames[:], words[0])
	if kind < 0 {
		panic("unknown event")
	}
	ev.Kind = EventKind(kind)
	words = words[1:]
	switch {
	case ev.Kind == Signal:
		s.sentSignal(&ev, words)
	case ev.Kind == Update:
		var restart []string
		if len(words) > 0 {
			restart = words[1:]
		}
		ev.Revision = s.m.Offer(s.next(), restart)
	case ev.Kind == LoadFailed:
		ev.Reason = strings.Join(words, " ")
	case ev.Kind >= Start && ev.Kind <= Post:
		s.about(&ev, words[0])
		s.command(&ev, words[1:])
	case ofGeneration(ev.Kind):
		s.about(&ev, words[0])
		s.result(&ev, words[1:])
	}
	return ev
}

// sentSignal reads what follows signal and post.
func (s *script) sentSignal(ev *Event, words []string) {
	ev.Info = info(words)
	ev.By = Asker{PID: ev.Info.PID}
	switch words[len(words)-1] {
	case "terminal-gone":
		ev.TerminalGone = true
	case "group":
		ev.Scope = config.Group
	case "tree":
		ev.Scope = config.Tree
	}
}

func (s *script) command(ev *Event, words []string) {
	switch {
	case ev.Kind == Post:
		s.sentSignal(ev, words)
	case slices.Equal(words, []string{"once"}):
		ev.Once = true
	case slices.Equal(words, []string{"more"}):
		ev.More = true
	case len(words) > 0 && words[0] == "from":
		ev.By = Asker{PID: int32(number(words[1]))}
		ev.Info.PID = ev.By.PID
	}
}

func (s *script) result(ev *Event, words []string) {
	// Only reports on a generation come here.
	//exhaustive:ignore
	switch ev.Kind {
	case Spawned:
		ev.PID = int32(number(words[0]))
	case Surveyed:
		ev.PID = int32(number(words[0]))
		ev.Reason = strings.Join(words[1:], " ")
	case SpawnFailed:
		ev.Permanent = words[0] == "permanent"
		ev.Reason = strings.Join(words[1:], " ")
	case Delayed:
		ev.Reason = strings.Join(words, " ")
	case Exited:
		if words[0] == "code" {
			ev.Exit.Code = number(words[1])
		} else {
			ev.Exit.Signal = signal(words[1])
		}
		ev.Survivors = words[len(words)-1] == "survivors"
		ev.Dumping = slices.Contains(words, "dumping")
	case DumpsSeen:
		ev.Count = number(words[0])
		ev.Reason = strings.Join(words[1:], " ")
	case RemnantEnded:
		ev.PID = int32(number(words[0]))
	case Sent:
		ev.Result = Result(slices.Index(resultNames[:], words[0]))
		s.ticket(ev, words[1:])
	case Inspected:
		ev.Effect = Effect(slices.Index(effectNames[:], words[0]))
		s.ticket(ev, words[1:])
	case Signalled:
		if words[0] == "failed" {
			ev.Reason = "operation not permitted"
		} else {
			ev.Count = number(words[0])
		}
		s.ticket(ev, words[1:])
	}
}

// ticket is the one that is given, or else that of what waits for an answer.
func (s *script) ticket(ev *Event, words []string) {
	if len(words) > 0 {
		ev.Ticket = Ticket(number(words[0]))
		return
	}
	if ev.Service < 0 {
		return
	}
	service := s.m.services[ev.Service]
	switch {
	case ev.Kind == Sent:
		ev.Ticket = Ticket(service.outbox.delivery.Ticket)
	case len(service.Requests) > 0:
		ev.Ticket = service.Requests[0].Ticket
	}
}

func (s *script) about(ev *Event, word string) {
	name, gen, explicit := strings.Cut(word, "/")
	ev.Service = s.id(name)
	switch {
	case !ofGeneration(ev.Kind):
	case explicit:
		ev.Gen = Gen(number(gen))
	case ev.Service >= 0:
		ev.Gen = s.m.services[ev.Service].Gen
	}
}

// id finds a service by name, or the last removed one that had it.
func (s *script) id(name string) ServiceID {
	if id, ok := s.m.Find(name); ok {
		return id
	}
	for _, service := range slices.Backward(s.m.services) {
		if service.spec.Name == name {
			return service.id
		}
	}
	return NoService
}

// info reads "SIGHUP from 812" and "SIGRTMIN value 3 from 812".
func info(words []string) signals.Info {
	info := signals.Info{Signal: signal(words[0])}
	for i := 1; i+1 < len(words); i += 2 {
		switch words[i] {
		case "from":
			info.PID = int32(number(words[i+1]))
		case "value":
			info.Code, info.Value = signals.CodeQueue, uint64(number(words[i+1]))
		}
	}
	return info
}

func (s *script) step(ev Event) string {
	s.seq++
	name := func(id ServiceID) string {
		if s.m.has(id) {
			return s.m.services[id].spec.Name
		}
		return "?"
	}
	var out strings.Builder
	fmt.Fprintf(&out, "    #%d at %v: %s\n", s.seq, s.now, ev.Text(name(ev.Service)))
	s.actions = s.m.Step(s.now, ev)
	for _, a := range s.actions {
		fmt.Fprintf(&out, "        %s", a.Text(name(a.Service)))
		if a.Origin != s.seq {
			fmt.Fprintf(&out, "  (for #%d)", a.Origin)
		}
		out.WriteByte('\n')
		if a.Cause != s.seq {
			panic("wrong cause")
		}
	}
	if at, ok := s.m.Deadline(); ok {
		fmt.Fprintf(&out, "        deadline %v\n", at)
	}
	return out.String()
}

func duration(text string) time.Duration {
	d, err := time.ParseDuration(text)
	if err != nil {
		panic(err)
	}
	return d
}

func number(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		panic(err)
	}
	return n
}

func signal(text string) signals.Signal {
	s, err := signals.Parse(text)
	if err != nil {
		panic(err)
	}
	return s
}
