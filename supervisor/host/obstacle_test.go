package host

import (
	"os"
	"path/filepath"
	"testing"
)

// TestHangs reads where a thread hangs from what the kernel shows of it.
func TestHangs(t *testing.T) {
	for name, c := range map[string]struct {
		state byte
		wchan string // "" for none
		want  string
	}{
		"runs":       {'R', "0", ""},
		"sleeps":     {'S', "hrtimer_nanosleep", ""},
		"hangs":      {'D', "request_wait_answer", "in uninterruptible sleep (request_wait_answer)"},
		"hidden":     {'D', "0", "in uninterruptible sleep"},
		"forbidden":  {'D', "", "in uninterruptible sleep"},
		"freezer v1": {'D', "__refrigerator", "frozen"},
		"freezer":    {'S', "do_freezer_trap", "frozen"},
	} {
		dir := t.TempDir()
		if c.wchan != "" {
			if err := os.WriteFile(filepath.Join(dir, "wchan"), []byte(c.wchan), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if got := hangs(c.state, dir); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// TestObstacle looks at processes that nothing keeps from ending.
func TestObstacle(t *testing.T) {
	h, _ := newHost(t)
	for _, pid := range []int{os.Getpid(), 1 << 30} {
		if text := h.Obstacle(pid); text != "" {
			t.Errorf("process %d: %q", pid, text)
		}
	}
	if text := h.Obstacle(1); os.Geteuid() != 0 && text != "of another user (uid 0), which we may not signal" {
		t.Errorf("process 1: %q", text)
	}
}
