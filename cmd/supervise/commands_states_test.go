package main_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"supervise/config"
	"supervise/signals"
	"supervise/supervisor/control/client"
	"supervise/supervisor/control/request"
	"supervise/supervisor/status"
)

// single begins the script of a service of which there must not be two: whatever it has
// started, survivors included, holds its lock.
const single = `exec 9>"$DIR/$SUPERVISE_SERVICE.lock"; flock -n 9 || echo two copies; `

// scripts are what services do that can be brought into the states: all end up in a sleep.
var scripts = map[string]string{
	"stopped": single + `echo ready; exec sleep 1000`,
	"running": single + `echo ready; exec sleep 1000`,
	"paused":  single + `echo ready; exec sleep 1000`,
	// It does not mind SIGTERM the first time.
	"stopping": single + `if ! test -e "$DIR/$SUPERVISE_SERVICE"; then touch "$DIR/$SUPERVISE_SERVICE"; trap "" TERM; fi; echo ready; exec sleep 1000`,
	// It leaves one behind the first time that does not mind either.
	"clearing": single + `if ! test -e "$DIR/$SUPERVISE_SERVICE"; then touch "$DIR/$SUPERVISE_SERVICE"; trap "" TERM; sleep 1000 & exit 1; fi; exec sleep 1000`,
	// They fail the first time.
	"backoff": single + `if ! test -e "$DIR/$SUPERVISE_SERVICE"; then touch "$DIR/$SUPERVISE_SERVICE"; exit 1; fi; exec sleep 1000`,
	"failed":  single + `if ! test -e "$DIR/$SUPERVISE_SERVICE"; then touch "$DIR/$SUPERVISE_SERVICE"; exit 1; fi; exec sleep 1000`,
}

// orders are the commands, for one service.
var orders = map[string]func(name string) request.Request{
	"start": func(name string) request.Request {
		return request.Start{Target: request.Target{Services: []string{name}}, Await: true}
	},
	"once": func(name string) request.Request {
		return request.Start{Target: request.Target{Services: []string{name}}, Once: true, Await: true}
	},
	"stop": func(name string) request.Request {
		return request.Stop{Target: request.Target{Services: []string{name}}, Await: true}
	},
	"restart": func(name string) request.Request {
		return request.Restart{Target: request.Target{Services: []string{name}}, Await: true}
	},
	"reload": func(name string) request.Request {
		return request.Reload{Target: request.Target{Services: []string{name}}, Await: true}
	},
	"pause": func(name string) request.Request {
		return request.Pause{Target: request.Target{Services: []string{name}}}
	},
	"continue": func(name string) request.Request {
		return request.Continue{Target: request.Target{Services: []string{name}}}
	},
	"signal": func(name string) request.Request {
		return request.Signal{Service: name, Signal: signals.SIGWINCH}
	},
	"wait": func(name string) request.Request {
		return request.Wait{Service: name, For: request.Up, Timeout: time.Millisecond}
	},
}

// outcomes are what each command comes to in each state: the word of the answer, with a
// dash before it where the command says that it has failed, and the state of the service
// afterwards. Starting has no row: a start is carried out whole before the next command
// is looked at.
var outcomes = map[string]map[string]string{
	"stopped": {
		"start": "up running", "once": "up running", "restart": "up running", "stop": "down stopped",
		"reload": "-down stopped", "pause": "-down stopped", "continue": "-down stopped",
		"signal": "-refused stopped", "wait": "-timeout stopped",
	},
	"running": {
		"start": "up running", "once": "up running", "restart": "up running", "stop": "down stopped",
		"reload": "delivered running", "pause": "paused paused", "continue": "up running",
		"signal": "delivered running", "wait": "up running",
	},
	"paused": {
		"start": "up paused", "once": "up paused", "restart": "up running", "stop": "down stopped",
		"reload": "delivered paused", "pause": "paused paused", "continue": "up running",
		"signal": "delivered paused", "wait": "up paused",
	},
	"stopping": {
		"start": "up running", "once": "up running", "restart": "up running", "stop": "down stopped",
		"reload": "delivered stopping", "pause": "paused stopping", "continue": "up stopping",
		"signal": "delivered stopping", "wait": "-timeout stopping",
	},
	"clearing": {
		"start": "up running", "once": "up running", "restart": "up running", "stop": "down stopped",
		"reload": "-down clearing", "pause": "-down clearing", "continue": "-down clearing",
		"signal": "held clearing", "wait": "-timeout clearing",
	},
	"backoff": {
		"start": "up running", "once": "up running", "restart": "up running", "stop": "down stopped",
		"reload": "-down backoff", "pause": "-down backoff", "continue": "-down backoff",
		"signal": "held backoff", "wait": "-timeout backoff",
	},
	"failed": {
		"start": "up running", "once": "up running", "restart": "up running", "stop": "down stopped",
		"reload": "-down failed", "pause": "-down failed", "continue": "-down failed",
		"signal": "-refused failed", "wait": "-timeout failed",
	},
}

// TestCommandsStates gives every command in every state. It is accepted in all of them, and
// there are never two copies.
func TestCommandsStates(t *testing.T) {
	t.Parallel()
	eachUser(t, func(t *testing.T, as setup) {
		var config strings.Builder
		for _, state := range slices.Sorted(maps.Keys(outcomes)) {
			for command := range orders {
				fmt.Fprintf(&config, "[service.%s-%s]\nstartup = \"disabled\"\ncommand = [\"sh\", \"-c\", '''%s''']\nreload = \"SIGWINCH\"\nstop.timeout = \"60s\"\nrestart.delay = \"60s\"\nup-after = \"0s\"\n",
					state, command, scripts[state])
				if state == "failed" {
					config.WriteString("restart.policy = \"never\"\n")
				}
			}
		}
		s := start(t, entryBuild, config.String(), as)
		events := s.follow(t)
		var all sync.WaitGroup
		for state, row := range outcomes {
			for command, want := range row {
				name := state + "-" + command
				s.enter(t, name, state)
				if state == "stopping" || state == "clearing" {
					entered := s.call(t, request.Events{Limit: 1}).Events
					last := entered[len(entered)-1].ID
					all.Go(func() { s.tryCommand(t, name, orders[command](name), want) })
					if slices.Contains([]string{"start", "once", "restart", "stop"}, command) {
						events.await(name+" is commanded", func(e request.Event) bool {
							return e.Service == name && e.ID > last && strings.Contains(e.Text, " asked for by ")
						})
						s.killAll(t, name)
					}
					continue
				}
				s.tryCommand(t, name, orders[command](name), want)
			}
		}
		all.Wait()
		checkSingle(t, s.stop(t, syscall.SIGQUIT))
	})
}

// enter brings a service into a state.
func (s *supervised) enter(t *testing.T, name, state string) {
	t.Helper()
	if state == "stopped" {
		return
	}
	s.call(t, request.Start{Target: request.Target{Services: []string{name}}})
	if strings.Contains(scripts[state], "ready") { // from then on the shell starts nothing any more
		s.rewind()
		s.await("it is ready", wrote(name, "ready"))
	}
	switch state {
	case "paused":
		s.call(t, orders["pause"](name))
	case "stopping":
		s.call(t, request.Stop{Target: request.Target{Services: []string{name}}})
	}
	s.awaitState(t, name, state)
}

// tryCommand gives a command and compares what comes of it.
func (s *supervised) tryCommand(t *testing.T, name string, q request.Request, want string) {
	t.Helper()
	reply := s.call(t, q)
	got := "none"
	switch {
	case reply.Error != nil:
		got = "-" + string(reply.Error.Code)
	case len(reply.Outcomes) == 1 && reply.Outcomes[0].OK:
		got = reply.Outcomes[0].Result
	case len(reply.Outcomes) == 1:
		got = "-" + reply.Outcomes[0].Result
	case len(reply.Services) == 1:
		got = "up"
	}
	if got += " " + s.state(t, name); got != want {
		t.Errorf("%s %s: %s, want %s: %+v", q.Verb(), name, got, want, reply)
	}
}

// killAll kills whatever a service has, behind the supervisor's back. It is stopped first: a
// shell whose child is killed before it would make another.
func (s *supervised) killAll(t *testing.T, name string) {
	t.Helper()
	// What is in the middle of an execve has no environment to be seen.
	var all []int
	for deadline, last := time.Now().Add(patience), -1; last != len(all) || last == 0; {
		if time.Now().After(deadline) {
			t.Fatalf("%s has no processes", name)
		}
		last, all = len(all), marked(s.sandbox.mark, "SUPERVISE_SERVICE="+name)
		for _, pid := range all {
			_ = syscall.Kill(pid, syscall.SIGSTOP)
		}
	}
	for _, pid := range all {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
}

// marked lists the living processes that have these variables in the environment that they
// were started with.
func marked(variables ...string) (pids []int) {
	names, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, name := range names {
		environ, err := os.ReadFile(name)
		if err != nil || slices.ContainsFunc(variables, func(v string) bool {
			return !strings.Contains("\x00"+string(environ), "\x00"+v+"\x00")
		}) {
			continue
		}
		if pid, err := strconv.Atoi(strings.Split(name, "/")[2]); err == nil && alive(pid) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// checkSingle fails the test if a service found itself there already.
func checkSingle(t *testing.T, lines []line) {
	t.Helper()
	for _, l := range lines {
		if l.Line == "two copies" || strings.Contains(l.Message, "cannot happen") {
			t.Errorf("%s", l.raw)
		}
	}
}

// TestEveryVerb has a supervisor know all that can be asked for, whomever a signal is for and
// whatever is waited for.
func TestEveryVerb(t *testing.T) {
	t.Parallel()
	s := start(t, entryBuild, "[service.web]\ncommand = \"sleep 1000\"\nreload = \"SIGWINCH\"\n")
	ask := func(verb string, members ...string) {
		t.Helper()
		text := `{"verb":"` + verb + `","service":"web","services":["web"],"signal":"SIGCONT"` + strings.Join(members, "") + `}`
		r, err := request.Unmarshal([]byte(text))
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if reply := s.call(t, r); reply.Error != nil {
			t.Errorf("%s: %+v", text, reply.Error)
		}
	}
	verbs := request.Verbs()
	if len(verbs) == 0 {
		t.Fatal("there are no verbs")
	}
	for _, verb := range verbs {
		switch verb {
		case "signal":
			for _, scope := range config.ScopeWords() {
				ask(verb, `,"scope":"`+scope+`"`)
			}
		case "wait":
			for _, condition := range []request.Condition{request.Up, request.Ready} {
				ask("start", `,"await":true`)
				ask(verb, `,"for":"`+string(condition)+`"`)
			}
			ask("stop", `,"await":true`)
			ask(verb, `,"for":"`+string(request.Down)+`"`)
		case "shutdown": // comes last
		default:
			ask(verb)
		}
	}
	ask("shutdown")
	s.end(t)
}

// TestCommandStorm has several clients command two services at random, and the services
// end by themselves meanwhile.
func TestCommandStorm(t *testing.T) {
	t.Parallel()
	eachUser(t, func(t *testing.T, as setup) {
		const clients, each = 4, 60
		config := ""
		for _, name := range []string{"a", "b"} {
			config += "[service." + name + "]\ncommand = [\"sh\", \"-c\", '''" + single + `trap "" HUP; (exec sleep 1000) & sleep 0.05; exit 1'''` +
				"]\nreload = \"SIGWINCH\"\nstop.timeout = \"20ms\"\nrestart = { delay = \"1ms\", max-delay = \"5ms\" }\n"
		}
		s := start(t, entryBuild, config, as)
		var all sync.WaitGroup
		for i := range clients {
			all.Go(func() {
				random := rand.New(rand.NewPCG(7, uint64(i)))
				verbs := slices.Sorted(maps.Keys(orders))
				c, err := client.Dial(s.runtime)
				if err != nil {
					t.Error(err)
					return
				}
				for range each {
					ctx, cancel := context.WithTimeout(context.Background(), time.Duration(random.IntN(50)+1)*time.Millisecond)
					_, _ = c.Call(ctx, orders[verbs[random.IntN(len(verbs))]](string(rune('a'+random.IntN(2)))))
					cancel()
				}
			})
		}
		all.Wait()
		for _, name := range []string{"a", "b"} {
			s.call(t, orders["continue"](name))
			if o := s.call(t, orders["stop"](name)).Outcomes; len(o) != 1 || !o[0].OK || len(marked(s.sandbox.mark, "SUPERVISE_SERVICE="+name)) > 0 {
				t.Errorf("stop %s: %+v", name, o)
			}
		}
		checkSingle(t, s.stop(t, syscall.SIGTERM))
	})
}

// TestLookAfterTold asks how a service is right after having been told: the one who answers
// is not the one who did it, and must not be behind.
func TestLookAfterTold(t *testing.T) {
	t.Parallel()
	s := start(t, entryBuild, "[service.a]\ncommand = \"sleep 1000\"\n[service.b]\ncommand = \"sleep 1000\"\n[service.c]\ncommand = \"sleep 1000\"\n")
	see := func(when, want string) {
		t.Helper()
		one := s.call(t, request.Status{Services: []string{"a"}}).Services[0]
		all := s.call(t, request.Status{}).Services
		if len(all) != 3 || all[0].DisplayState() != want || one.DisplayState() != want || (want == "running") != (one.PID != 0 && one.SigQ.Limit != 0) {
			t.Fatalf("%s: %+v and %+v, want it %s", when, one, all, want)
		}
	}
	for range 40 {
		s.call(t, orders["stop"]("a"))
		see("stopped", "stopped")
		s.call(t, orders["start"]("a"))
		see("started", "running")
	}
	s.stop(t, syscall.SIGTERM)
}

// TestLookAfterSeen kills a service, and asks how it is as soon as that can be known: from
// the log, or because the process is no more.
func TestLookAfterSeen(t *testing.T) {
	t.Parallel()
	s := start(t, entryBuild, "[service.a]\ncommand = \"sleep 1000\"\nrestart = { delay = \"0s\" }\n[service.b]\ncommand = \"sleep 1000\"\n[service.c]\ncommand = \"sleep 1000\"\n")
	look := map[bool]func() status.Service{
		false: func() status.Service { return s.call(t, request.Status{Services: []string{"a"}}).Services[0] },
		true:  func() status.Service { return s.call(t, request.Status{}).Services[0] },
	}
	var last int64
	for i := range 60 {
		look, pid := look[i%2 == 0], s.awaitRunning(t, "a")
		kill(t, pid, syscall.SIGKILL)
		if i%4 < 2 {
			s.await("it is killed", says("a", "killed by SIGKILL"))
			if exit := look().Exit; exit.Time <= last {
				t.Fatalf("round %d: its last exit is %+v, and was at %v before", i, exit, last)
			}
		} else {
			for alive(pid) {
				runtime.Gosched()
			}
			if now := look(); now.PID == pid {
				t.Fatalf("round %d: it is %+v, and has ended", i, now)
			}
			s.await("it is killed", says("a", "killed by SIGKILL"))
		}
		last = look().Exit.Time
	}
	s.stop(t, syscall.SIGTERM)
}
