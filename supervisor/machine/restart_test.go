package machine

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"supervise/config"
	"supervise/signals"
)

func TestDelay(t *testing.T) {
	const s, ms = time.Second, time.Millisecond
	tests := []struct {
		name string
		spec config.Restart
		want []time.Duration // before the first restart in a row, the second, ...
	}{
		{"the default", config.Restart{Delay: 500 * ms, Factor: 2, MaxDelay: 30 * s}, []time.Duration{500 * ms, 1 * s, 2 * s, 4 * s, 8 * s, 16 * s, 30 * s, 30 * s}},
		{"constant", config.Restart{Delay: 3 * s, Factor: 1, MaxDelay: 30 * s}, []time.Duration{3 * s, 3 * s, 3 * s}},
		{"at once", config.Restart{Factor: 2, MaxDelay: 30 * s}, []time.Duration{0, 0, 0}},
		{"above the bound", config.Restart{Delay: 60 * s, Factor: 2, MaxDelay: 30 * s}, []time.Duration{30 * s, 30 * s}},
		{"no whole factor", config.Restart{Delay: 1 * s, Factor: 1.5, MaxDelay: 3 * s}, []time.Duration{1 * s, 1500 * ms, 2250 * ms, 3 * s}},
		{"huge", config.Restart{Delay: 1 * s, Factor: 1e308, MaxDelay: math.MaxInt64}, []time.Duration{1 * s, 1 << 61, 1 << 61}},
		{"no number", config.Restart{Delay: 1 * s, Factor: math.NaN(), MaxDelay: 2 * s}, []time.Duration{1 * s, 2 * s}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for n, want := range test.want {
				if got := delay(&test.spec, n+1, nil); got != want {
					t.Errorf("restart %d waits %v, want %v", n+1, got, want)
				}
			}
			for _, n := range []int{1000, math.MaxInt32} {
				if got := delay(&test.spec, n, nil); got < 0 || got > test.spec.MaxDelay {
					t.Errorf("restart %d waits %v", n, got)
				}
			}
		})
	}
}

func TestJitter(t *testing.T) {
	spec := config.Restart{Delay: time.Second, Factor: 2, MaxDelay: 4 * time.Second, Jitter: 0.25}
	random := rand.NewPCG(*seed, 3)
	low, high := time.Hour, time.Duration(0)
	for range 10000 {
		d := delay(&spec, 9, random)
		low, high = min(low, d), max(high, d)
	}
	if low < 3*time.Second || low > 3010*time.Millisecond || high > 5*time.Second || high < 4990*time.Millisecond {
		t.Errorf("from %v to %v, want 3 to 5 s", low, high)
	}
	if a, b := delay(&spec, 1, rand.NewPCG(5, 0)), delay(&spec, 1, rand.NewPCG(5, 0)); a != b {
		t.Errorf("the same seed gave %v and %v", a, b)
	}
}

func TestBrake(t *testing.T) {
	code, kill := signals.Exit{Code: 1}, signals.Exit{Signal: signals.SIGKILL}
	lives := func(n int, exit signals.Exit, up time.Duration) func(*Restarts) {
		return func(r *Restarts) {
			for range n {
				r.count(exit, up)
			}
		}
	}
	const short, long = time.Second - 1, time.Second
	tests := []struct {
		name  string
		lives []func(*Restarts)
		max   time.Duration
		want  time.Duration
	}{
		{"nine short lives", []func(*Restarts){lives(9, code, short)}, 30 * time.Second, 0},
		{"ten", []func(*Restarts){lives(10, code, short)}, 30 * time.Second, 100 * time.Millisecond},
		{"eleven", []func(*Restarts){lives(11, code, short)}, 30 * time.Second, 200 * time.Millisecond},
		{"many", []func(*Restarts){lives(100, code, short)}, 30 * time.Second, 30 * time.Second},
		{"the bound is a second at least", []func(*Restarts){lives(100, code, short)}, 0, time.Second},
		{"a long one ends the row", []func(*Restarts){lives(100, code, short), lives(1, code, long)}, 0, 0},
		{"so does one that was killed", []func(*Restarts){lives(100, code, short), lives(1, kill, long)}, 0, 0},
		{"killed ones do not count", []func(*Restarts){lives(9, code, short), lives(900, kill, 0)}, 0, 0},
		{"and do not end the row", []func(*Restarts){lives(9, code, short), lives(1, kill, 0), lives(1, code, 0)}, 0, 100 * time.Millisecond},
		{"a thousand of them do count", []func(*Restarts){lives(1000, kill, 0)}, 0, 100 * time.Millisecond},
		{"a manual start forgets", []func(*Restarts){lives(100, code, 0), (*Restarts).forget}, 0, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var r Restarts
			for _, live := range test.lives {
				live(&r)
			}
			if got := r.brake(&config.Restart{MaxDelay: test.max}); got != test.want {
				t.Errorf("brakes by %v, want %v", got, test.want)
			}
		})
	}
}

func TestSucceeded(t *testing.T) {
	spec := config.Restart{Success: []config.Outcome{{Code: 0}, {Code: 75}, {Signal: signals.SIGTERM}}}
	tests := []struct {
		exit signals.Exit
		want bool
	}{
		{signals.Exit{}, true},
		{signals.Exit{Code: 75}, true},
		{signals.Exit{Code: 1}, false},
		{signals.Exit{Code: 143}, false},
		{signals.Exit{Signal: signals.SIGTERM}, true},
		{signals.Exit{Signal: signals.SIGKILL}, false},
		{signals.Exit{Signal: signals.SIGSEGV, Core: true}, false},
	}
	for _, test := range tests {
		if got := succeeded(&spec, test.exit); got != test.want {
			t.Errorf("%v: %v", test.exit, got)
		}
	}
}
