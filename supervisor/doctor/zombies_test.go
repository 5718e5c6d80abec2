package doctor

import (
	"slices"
	"testing"

	"supervise/internal/sys"
)

func TestZombies(t *testing.T) {
	alive := func(pid int, name string) sys.Stat { return sys.Stat{PID: pid, Name: name, State: 'S', Parent: 1} }
	dead := func(n, parent int) (all []sys.Stat) {
		for i := range n {
			all = append(all, sys.Stat{PID: 1000*parent + i, Name: "gone", State: 'Z', Parent: parent})
		}
		return all
	}
	tests := []struct {
		name      string
		processes []sys.Stat
		status    Status
		value     string
	}{
		{"none", []sys.Stat{alive(1, "init"), alive(2, "sh")}, Good, "none"},
		{"a few", append(dead(2, 7), alive(7, "web")), Note, "2 of pid 7 (web)"},
		{"many", append(append(dead(1, 8), dead(manyZombies, 7)...), alive(7, "web"), alive(8, "db")), Bad, "10 of pid 7 (web), 1 of pid 8 (db)"},
		{
			"many parents", slices.Concat(dead(1, 2), dead(1, 3), dead(1, 4), dead(1, 5), dead(2, 6), []sys.Stat{alive(2, "a"), alive(3, "b"), alive(6, "c")}),
			Note, "2 of pid 6 (c), 1 of pid 2 (a), 1 of pid 3 (b), and 2 more parents",
		},
	}
	for _, test := range tests {
		if f := zombies(slices.Values(test.processes)); f.Status != test.status || f.Value != test.value {
			t.Errorf("%s: %s: %s, want %s: %s", test.name, f.Status, f.Value, test.status, test.value)
		}
	}
}
