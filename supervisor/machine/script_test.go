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
//	rule SIGUSR1 ignore
//	service web policy=always delay=1s ladder=SIGQUIT:main:5s,SIGTERM:group:5s forward=SIGHUP:SIGUSR1
//
//	at 0s boot                 the time is absolute, or +1s after the step before
//	at +0s spawned web 100     about the last generation, unless it is web/2
//	tick                       at the deadline
//	at 9s update               to the configuration written since the first event, or the last update
//
// What a service line leaves out is as in [testService].
type script struct {
	file config.File // for New, or for the next update
	m    *Machine
	now  time.Duration
	seq  EventID
}

// testService has the defaults of the configuration, but no jitter.
func testService(name string) config.Service {
	return config.Service{
		Name: name, Enabled: true,
		Restart: config.Restart{
			Delay: 500 * time.Millisecond, Factor: 2, MaxDelay: 30 * time.Second, ResetAfter: 30 * time.Second,
			Success: []config.Outcome{{Code: 0}, {Signal: signals.SIGTERM}},
		},
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
		s.file.Signals[signal(words[1])] = map[string]config.Rule{
			"forward": config.Forward, "shutdown": config.Shutdown, "shutdown-now": config.ShutdownNow, "ignore": config.Ignore,
		}[words[2]]
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
			panic("unknown setting " + key)
		}
	}
	s.file.Services = append(s.file.Services, spec)
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
		ev.Info = info(words)
		return ev
	case ev.Kind == Update:
		ev.Revision = s.m.Offer(s.next())
	case ev.Kind >= Start && ev.Kind <= Post, ev.Kind.ofGeneration():
		s.about(&ev, words[0])
		words = words[1:]
	}
	switch ev.Kind {
	case Start, Restart:
		ev.Once = slices.Equal(words, []string{"once"})
	case Post:
		ev.Info = info(words)
	case Spawned:
		ev.PID = int32(number(words[0]))
	case SpawnFailed:
		ev.Permanent = words[0] == "permanent"
		ev.Reason = strings.Join(words[1:], " ")
	case Exited:
		if words[0] == "code" {
			ev.Exit.Code = number(words[1])
		} else {
			ev.Exit.Signal = signal(words[1])
		}
		ev.Survivors = words[len(words)-1] == "survivors"
	case Sent:
		ev.Result = Result(slices.Index(resultNames[:], words[0]))
		if len(words) > 1 {
			ev.Ticket = Ticket(number(words[1]))
		} else if ev.Service >= 0 {
			ev.Ticket = Ticket(s.m.services[ev.Service].outbox.sent.Ticket)
		}
	}
	return ev
}

func (s *script) about(ev *Event, word string) {
	name, gen, explicit := strings.Cut(word, "/")
	ev.Service = s.id(name)
	switch {
	case !ev.Kind.ofGeneration():
	case explicit:
		ev.Gen = Gen(number(gen))
	case ev.Service >= 0:
		ev.Gen = s.m.services[ev.Service].gen
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
	for _, a := range s.m.Step(s.now, ev) {
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
