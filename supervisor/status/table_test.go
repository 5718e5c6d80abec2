package status

import (
	"testing"

	"supervise/internal/text"
	"supervise/signals"
)

// written is the table as it is written without allocation.
func written(services []Service, now int64, colors bool) string {
	b := text.NewBuffer(make([]byte, 1<<16))
	table := Table{Now: now, Colors: colors}
	for i := range services {
		table.Measure(&b, &services[i])
	}
	table.AddHead(&b)
	for i := range services {
		table.AddRow(&b, &services[i])
	}
	return string(b.Bytes())
}

// TestTable has the table be the same in both ways in which it is made.
func TestTable(t *testing.T) {
	const now = 100 * day
	killed := func(s signals.Signal, by Process) Service {
		return Service{Name: "x", State: "failed", Wanted: Down, Exited: true, Exit: Exit{Exit: signals.Exit{Signal: s}, By: by}}
	}
	all := []Service{
		{Name: "web", State: Running, Wanted: Up, Ready: true, PID: 4711, Since: now - 3*second},
		{Name: "worker-with-a-long-name", State: Running, Wanted: Up, Paused: true, PID: 1, Since: now - 2*hour - minute, Restarts: 12345678901},
		{Name: "s", State: "stopping", Wanted: Down, Rung: 1, Rungs: 3, Held: 7, PID: 3, Since: now - 59*second},
		{Name: "k", State: "stopping", Wanted: Down, Rung: 4, Rungs: 3, Since: now + second},
		{Name: "b", State: "backoff", Wanted: Up, NextRestart: now + minute, Exited: true, Exit: Exit{Exit: signals.Exit{Code: 255}}},
		{Name: "u", State: "backoff", Wanted: Up, Unstarted: Unstarted{Obstacle: PermissionDenied}},
		{Name: "q", State: "stopped", Wanted: Down, SigQ: SigQ{12, 96365}},
		{Name: "r", State: "removed", Wanted: Absent, SigQ: SigQ{0, 96365}},
		killed(signals.SIGSEGV, Process{}), killed(signals.SIGRTMIN+3, Process{PID: 12}),
		killed(33, Process{Name: "OOM killer"}), killed(signals.SIGRTMAX, Process{PID: 3, Name: "bash"}),
		{},
	}
	for i := range all {
		for _, services := range [][]Service{all[i : i+1], all[:i], all[i:]} {
			for _, colors := range []bool{false, true} {
				want := string(Render(Rows(services, now), colors))
				if got := written(services, now, colors); got != want {
					t.Errorf("it is\n%swant\n%s", got, want)
				}
			}
		}
	}
}

// TestPlain lets no text pass that is shown in another way.
func TestPlain(t *testing.T) {
	for _, odd := range []string{"ä", "a\x1b", "a\n", "\x7f", "\xff"} {
		for _, s := range []Service{{Name: odd}, {State: odd}, {Wanted: odd}, {Exit: Exit{By: Process{Name: odd}}}, {Exit: Exit{By: Process{Name: "(sd-pam)"}}}} {
			if s.Plain() {
				t.Errorf("%+v is plain", s)
			}
		}
	}
	s := full
	if !s.Plain() {
		t.Errorf("%+v is not plain", s)
	}
}
