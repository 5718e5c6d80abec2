package state_test

import (
	"os"
	"testing"

	"supervise/signals/state"
)

// BenchmarkParse is what status pays for each service.
func BenchmarkParse(b *testing.B) {
	own, err := os.ReadFile("/proc/self/status")
	if err != nil {
		b.Skip(err)
	}
	text := string(own)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := state.Parse(text); err != nil {
			b.Fatal(err)
		}
	}
}
