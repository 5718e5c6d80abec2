package control

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// TestReporter has more errors than are reported one by one: all are in the sum, also when
// nothing comes after them.
func TestReporter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var told []string
		r := newReporter(func(_ string, err error) {
			mu.Lock()
			told = append(told, err.Error())
			mu.Unlock()
		})
		for range 9 {
			r.report("control", errors.New("wrong"))
		}
		time.Sleep(2 * reportPeriod)
		r.report("control", errors.New("late"))
		time.Sleep(2 * reportPeriod)
		mu.Lock()
		defer mu.Unlock()
		want := []string{"wrong", "wrong", "wrong", "wrong", "wrong", "4 more errors were not reported one by one", "late"}
		if !slices.Equal(told, want) || r.count.Load() != 10 {
			t.Errorf("told %q of %d, want %q", told, r.count.Load(), want)
		}
	})
}
