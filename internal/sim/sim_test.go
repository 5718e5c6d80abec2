package sim

import (
	"flag"
	"os"
	"runtime/debug"
	"testing"
)

var (
	seed   = flag.Uint64("seed", 0, "play only the world of this seed")
	worlds = flag.Int("worlds", 0, "how many worlds to play; 0 for a few seconds' worth")
)

const eventsPerWorld = 4000

// TestMain has garbage collected less often than usual: worlds make much of it, and soon end.
func TestMain(m *testing.M) {
	flag.Parse()
	debug.SetGCPercent(400)
	os.Exit(m.Run())
}

// TestWorlds plays many worlds, always the same ones; -seed N plays one of them again,
// and -worlds N as many as there is time for.
func TestWorlds(t *testing.T) {
	if *seed != 0 {
		steps, err := Play(*seed, eventsPerWorld)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("seed %d: %d events, nothing wrong", *seed, steps)
		return
	}
	n := *worlds
	switch {
	case n > 0:
	case testing.Short():
		n = 20
	default:
		n = 330
	}
	total := 0
	for seed := range uint64(n) {
		steps, err := Play(1+seed, eventsPerWorld)
		total += steps
		if err != nil {
			t.Fatalf("%v\nplay it again: go test ./internal/sim -seed %d", err, 1+seed)
		}
	}
	t.Logf("%d events in %d worlds", total, n)
}

// BenchmarkWorlds shows how many events a second the simulation gets through, checks
// and twin included.
func BenchmarkWorlds(b *testing.B) {
	total, world := 0, uint64(0)
	for b.Loop() {
		world++
		steps, err := Play(world, eventsPerWorld)
		if err != nil {
			b.Fatal(err)
		}
		total += steps
	}
	b.ReportMetric(float64(total)/b.Elapsed().Seconds(), "events/s")
}
