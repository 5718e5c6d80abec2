package attribution

import (
	"testing"
	"time"

	"supervise/signals"
	"supervise/supervisor/machine"
)

func TestNames(t *testing.T) {
	const self = 100
	comm := map[int]string{7: "bash", 8: ""}
	asked := 0
	names := NewNames(self, func(pid int) string { asked++; return comm[pid] })
	from := func(pid int32) signals.Info { return signals.Info{Signal: signals.SIGUSR1, PID: pid, UID: 5} }
	now := time.Duration(0)
	for _, step := range []struct {
		name  string
		info  signals.Info
		later time.Duration
		want  machine.Asker
		asked int // how often a name was read by then
	}{
		{"a process", from(7), 0, machine.Asker{PID: 7, UID: 5, Name: "bash"}, 1},
		{"the same", from(7), nameTTL - 1, machine.Asker{PID: 7, UID: 5, Name: "bash"}, 1},
		{"the same pid, later", from(7), nameTTL, machine.Asker{PID: 7, UID: 5, Name: "zsh"}, 2},
		{"gone already", from(8), 0, machine.Asker{PID: 8, UID: 5}, 3},
		{"the kernel", signals.Info{Signal: signals.SIGINT, Code: signals.CodeKernel}, 0, machine.Asker{Source: "the kernel"}, 3},
		{"from outside", from(0), 0, machine.Asker{Source: "a process outside this PID namespace"}, 3},
	} {
		now += step.later
		names.Arrived(step.info, now)
		if got := names.Asker(step.info); got != step.want || asked != step.asked {
			t.Errorf("%s: %+v, asked %d times; want %+v, %d", step.name, got, asked, step.want, step.asked)
		}
		comm[7] = "zsh"
	}
	if got := names.Asker(from(7)); got != (machine.Asker{PID: 7, UID: 5}) {
		t.Errorf("one that is not the last: %+v", got)
	}
	if got := names.Asker(from(self)); got != (machine.Asker{}) || !names.Own(from(self)) || names.Own(from(7)) {
		t.Errorf("our own: %+v", got)
	}
}
