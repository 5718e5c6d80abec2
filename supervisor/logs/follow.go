package logs

import (
	"slices"
	"strings"
	"time"
)

// MaxLines is the most lines that [Logs.Last] and [Logs.Follow] go back.
const MaxLines = 1000

// Line is one line that a service wrote.
type Line struct {
	Time   time.Time // when it was read
	Stream string    // "stdout" or "stderr"
	// Text is the line as it was written, without its newline or a carriage return before it.
	// Of more than MaxKept bytes it is the beginning, and " ...".
	Text string
}

// follower is one call of Follow.
type follower struct{ f func([]Line) }

// Last returns the last n lines that a service wrote, oldest first: both streams in the order
// of reading, and all generations. There can be fewer than n: at most 64 KiB and [MaxLines]
// lines of a service are kept, and at least 4 KiB if hundreds of services write much. ok is
// false if the service was never attached or followed, such as one that writes to the
// supervisor's own descriptors.
func (l *Logs) Last(service string, n int) (lines []Line, ok bool) {
	l.mu.Lock()
	h := l.histories[service]
	l.mu.Unlock()
	if h == nil {
		return nil, false
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.lines(n), true
}

// Follow calls f with the last n lines of a service, as [Logs.Last] returns them, and then
// with every new line until stop is called: each once and in order, several at a time but
// never none. The service need not have been started yet.
//
// The first call, if there is a line, is made before Follow returns; the others on the
// goroutine of the pump, which waits for f. So f must not wait for anything, and must not
// call stop or a method of Logs or Source. It may keep the lines but not change them. When
// stop has returned, f is not running and will not be called again.
func (l *Logs) Follow(service string, n int, f func([]Line)) (stop func()) {
	h := l.history(service)
	w := &follower{f}
	h.mu.Lock()
	defer h.mu.Unlock()
	if lines := h.lines(n); len(lines) > 0 {
		f(lines)
	}
	h.followers = append(h.followers, w)
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if i := slices.Index(h.followers, w); i >= 0 {
			h.followers = slices.Delete(h.followers, i, i+1)
		}
	}
}

// Forget releases the memory of a service that no longer exists. Its followers still get what
// its current sources read, but nothing of a later service of that name.
func (l *Logs) Forget(service string) {
	l.mu.Lock()
	h := l.histories[service]
	delete(l.histories, service)
	l.mu.Unlock()
	if h != nil {
		h.forget()
	}
}

func (l *Logs) history(service string) *history {
	l.mu.Lock()
	defer l.mu.Unlock()
	h := l.histories[service]
	if h == nil {
		h = &history{memory: &l.memory}
		l.histories[service] = h
	}
	return h
}

// lines returns the last n lines. The lock must be held.
func (h *history) lines(n int) []Line {
	var lines []Line
	for o, text := range h.backward() {
		if len(lines) >= min(n, MaxLines) {
			break
		}
		lines = append(lines, o.line(string(text)))
	}
	slices.Reverse(lines)
	return lines
}

// tell passes a record on to the followers.
func (h *history) tell(text string, o origin) {
	lines := make([]Line, 0, 1+strings.Count(text, "\n"))
	for line := range strings.SplitSeq(text, "\n") {
		lines = append(lines, o.line(strings.TrimSuffix(line, "\r")))
	}
	for _, w := range h.followers {
		w.f(lines)
	}
}

func (o origin) line(text string) Line {
	return Line{Time: time.Unix(0, o.time), Stream: streamName(o.second), Text: text}
}
