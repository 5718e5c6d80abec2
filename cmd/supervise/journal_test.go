package main_test

import (
	"bufio"
	"encoding/json"
	"io"
	"strings"
	"sync"
	"testing"
	"time"
)

// line is one line of a supervisor's JSON log: its own, or one that a service wrote.
type line struct {
	Level, Service, Message string
	Signal, From, Sender    string
	Processes               string
	Comm                    string
	PID, Count              int
	Event                   uint64 // the number in the journal
	By                      string
	Descendants             string
	Output                  []string
	Orphans                 int `json:"reaped-orphans"`

	Stream, Line string // of a service's

	raw string
}

// journal collects what a program writes, a line at a time.
type journal struct {
	t       *testing.T
	mu      sync.Mutex
	changed sync.Cond
	lines   []line
	ended   bool

	// What has been awaited ends before these: lines of services, and supervise's own. Both
	// are in order, but not with each other, as they are written to two descriptors.
	heard, told int
}

// journalOf reads until the end, in the background.
func journalOf(t *testing.T, from io.Reader) *journal {
	j := &journal{t: t}
	j.changed.L = &j.mu
	go func() {
		lines := bufio.NewReaderSize(from, 1<<16)
		for {
			text, err := lines.ReadString('\n')
			if text != "" {
				j.add(text)
			}
			if err != nil {
				break
			}
		}
		j.mu.Lock()
		j.ended = true
		j.changed.Broadcast()
		j.mu.Unlock()
	}()
	return j
}

func (j *journal) add(text string) {
	l := line{raw: strings.TrimSuffix(text, "\n")}
	if err := json.Unmarshal([]byte(text), &l); err != nil || text[len(text)-1] != '\n' {
		l.Level = "not JSON"
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, l)
	j.changed.Broadcast()
}

// expire returns whether the time is over that anything may take, to be looked at under mu,
// and wakes who waits when it is.
func expire(mu *sync.Mutex, changed *sync.Cond) (expired *bool, stop func() bool) {
	expired = new(bool)
	return expired, time.AfterFunc(patience, func() {
		mu.Lock()
		*expired = true
		changed.Broadcast()
		mu.Unlock()
	}).Stop
}

// await returns the first line behind the last one awaited of its kind for which match
// holds.
func (j *journal) await(what string, match func(line) bool) line {
	j.t.Helper()
	expired, stop := expire(&j.mu, &j.changed)
	defer stop()
	j.mu.Lock()
	defer j.mu.Unlock()
	for i := min(j.heard, j.told); ; {
		for ; i < len(j.lines); i++ {
			next := &j.told
			if j.lines[i].Stream != "" {
				next = &j.heard
			}
			if i >= *next && match(j.lines[i]) {
				*next = i + 1
				return j.lines[i]
			}
		}
		if j.ended || *expired {
			j.t.Fatalf("never came: %s", what)
		}
		j.changed.Wait()
	}
}

// rewind makes await begin with the first line again.
func (j *journal) rewind() {
	j.mu.Lock()
	j.heard, j.told = 0, 0
	j.mu.Unlock()
}

// soFar returns the lines that have been read until now.
func (j *journal) soFar() []line {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.lines[:len(j.lines):len(j.lines)]
}

// all returns every line, once there can be no more.
func (j *journal) all() []line {
	j.t.Helper()
	expired, stop := expire(&j.mu, &j.changed)
	defer stop()
	j.mu.Lock()
	defer j.mu.Unlock()
	for !j.ended {
		if *expired {
			j.t.Fatal("something still holds the output of what has ended")
		}
		j.changed.Wait()
	}
	return j.lines
}

// text is the lines as they were read; of many, the last.
func (j *journal) text() string {
	var b strings.Builder
	lines := j.soFar()
	for _, l := range lines[max(0, len(lines)-100):] {
		b.WriteString(l.raw + "\n")
	}
	return b.String()
}

// count returns how many lines match.
func count(lines []line, match func(line) bool) int {
	n := 0
	for _, l := range lines {
		if match(l) {
			n++
		}
	}
	return n
}

// says matches a supervisor's line about a service, "" for none, that contains a text.
func says(service, text string) func(line) bool {
	return func(l line) bool { return l.Service == service && strings.Contains(l.Message, text) }
}

// up matches the line that says that a service runs.
func up(service string) func(line) bool {
	return func(l line) bool { return l.Service == service && l.Message == "running" }
}

// wrote matches a line that a service wrote.
func wrote(service, text string) func(line) bool {
	return func(l line) bool { return l.Service == service && l.Stream != "" && l.Line == text }
}

// written returns the lines that a service wrote.
func written(lines []line, service string) (texts []string) {
	for _, l := range lines {
		if l.Service == service && l.Stream != "" {
			texts = append(texts, l.Line)
		}
	}
	return texts
}
