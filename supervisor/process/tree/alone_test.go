package tree

import (
	"testing"
	"time"
)

// TestAlone has main processes with all that a service may have beside them.
func TestAlone(t *testing.T) {
	for _, test := range []struct {
		name, script string
		processes    int
		want         bool
	}{
		{"nothing else", "exec " + here, 1, true},
		{"a zombie", "(exit) & exec " + here, 1, true},
		{"a child", `sh -c 'echo $$; exec sleep 60' & exec ` + here, 2, false},
		{"a daemon", `(setsid sh -c 'echo $$; exec sleep 60' &); exec ` + here, 2, false},
		{"one that hides", `(env -i setsid sh -c 'ulimit -x 7; echo $$; exec sleep 60' &); exec ` + here, 2, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			eachMethod(t, func(b *bed) {
				other := b.start("other", `sh -c 'echo $$; exec sleep 60' & exec `+here)
				other.pids(2)
				s := b.start("web", test.script)
				s.pids(test.processes)
				alone := func() bool { return b.Alone(s.leader, "web", []string{"other"}, b.IsMain) }
				for range 1000 {
					if alone() == test.want {
						break
					}
					time.Sleep(time.Millisecond) // that what is to be a zombie ends is no event
				}
				if got := alone(); got != test.want {
					t.Errorf("it is said to be alone: %v", got)
				}
				if b.Alone(other.leader, "other", []string{"web"}, b.IsMain) {
					t.Error("the other one is said to be alone")
				}
				if b.Alone(1, "web", nil, b.IsMain) {
					t.Error("a stranger is said to be alone")
				}
			})
		})
	}
}
