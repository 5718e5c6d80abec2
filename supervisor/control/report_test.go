package control

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// TestReporter has more errors than are told one by one: none is left out of the sum, also
// when nothing comes after them.
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
			r.say("control", errors.New("wrong"))
		}
		time.Sleep(2 * reportPeriod)
		r.say("control", errors.New("late"))
		time.Sleep(2 * reportPeriod)
		mu.Lock()
		defer mu.Unlock()
		want := []string{"wrong", "wrong", "wrong", "wrong", "wrong", "4 more errors were not told one by one", "late"}
		if !slices.Equal(told, want) || r.count.Load() != 10 {
			t.Errorf("told %q of %d, want %q", told, r.count.Load(), want)
		}
	})
}
