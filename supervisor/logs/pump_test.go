package logs

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// transcript is what services wrote, by service and stream, put together again from what
// a pump made of it.
type transcript map[string][]string

func (tr transcript) add(service, stream, text string, goesOn bool) {
	key := service + " " + stream
	lines := tr[key]
	if goesOn {
		lines[len(lines)-1] += text
		return
	}
	tr[key] = append(lines, text)
}

func (tr transcript) check(t *testing.T, service, stream string, want []string) {
	t.Helper()
	got := tr[service+" "+stream]
	if slices.Equal(got, want) {
		return
	}
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			at := 0
			for at < min(len(got[i]), len(want[i])) && got[i][at] == want[i][at] {
				at++
			}
			t.Errorf("%s %s: line %d differs at byte %d: %d bytes, %.100q; want %d, %.100q",
				service, stream, i, at, len(got[i]), got[i][at:], len(want[i]), want[i][at:])
			return
		}
	}
	t.Errorf("%s %s: %d lines, want %d", service, stream, len(got), len(want))
}

// readText reads lines of Text as the console shows them.
func (tr transcript) readText(t *testing.T, stream, text string) {
	t.Helper()
	for line := range strings.Lines(text) {
		if len(line) < 10 || line[5] != ' ' || line[7] != ' ' {
			t.Fatalf("not a line with a prefix: %.100q", line)
		}
		tr.add(strings.TrimSpace(line[:5]), stream, line[8:len(line)-1], line[6] == '+')
	}
}

func (tr transcript) readJSON(t *testing.T, text string) {
	t.Helper()
	within := map[string]bool{}
	for line := range strings.Lines(text) {
		var o struct {
			Time                  time.Time
			Service, Stream, Line string
			Continued, Partial    bool
		}
		if err := json.Unmarshal([]byte(line), &o); err != nil || o.Time.IsZero() {
			t.Fatalf("%.100q: %v", line, err)
		}
		key := o.Service + o.Stream
		tr.add(o.Service, o.Stream, o.Line, within[key])
		within[key] = o.Continued
	}
}

// TestNothingLost runs processes that write random lines in random pieces to both
// streams, and puts together again what came out: on the console as text and as JSON, and
// in a rotated file.
func TestNothingLost(t *testing.T) {
	const services, lines = 4, 600
	for _, c := range []struct {
		name   string
		format Format
		one    bool // standard output and error are one file
		script script
	}{
		{"text", Text, false, script{1, lines, 3 * MaxLine}},
		{"text, one file", Text, true, script{2, lines, MaxLine}},
		{"json", JSON, true, script{3, lines, 3 * MaxLine}},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newLogs(t, nil)
			out := collect(t)
			console := Console{Stdout: out.fd(), Stderr: out.fd(), Format: c.format, Width: 5}
			errs := out
			if !c.one {
				errs = collect(t)
				console.Stderr = errs.fd()
			}
			p, err := l.Console(console)
			if err != nil {
				t.Fatal(err)
			}
			runAll(t, p, services, c.script)
			closeAll(t, l)
			tr := transcript{}
			switch text := out.all(); {
			case c.format == JSON:
				tr.readJSON(t, text)
			case c.one:
				// The script says of each line which stream it is of.
				tr.readText(t, "either", text)
				tr.part(t, services)
			default:
				tr.readText(t, "stdout", text)
				tr.readText(t, "stderr", errs.all())
			}
			for i := range services {
				tr.check(t, fmt.Sprint("svc", i), "stdout", c.script.of(i).lines(0))
				tr.check(t, fmt.Sprint("svc", i), "stderr", c.script.of(i).lines(1))
			}
		})
	}
}

// part tells the streams of each service apart by what the lines say.
func (tr transcript) part(t *testing.T, services int) {
	t.Helper()
	for i := range services {
		service := fmt.Sprint("svc", i)
		both := tr[service+" either"]
		if both == nil {
			t.Fatalf("nothing of %s", service)
		}
		for _, line := range both {
			var seed, stream, n int
			if _, err := fmt.Sscanf(line, "%d.%d.%d ", &seed, &stream, &n); err != nil {
				t.Fatalf("torn: %s | %.100q", service, line)
			}
			tr.add(service, []string{"stdout", "stderr"}[stream], line, false)
		}
	}
}

// of is the script of one of several services.
func (s script) of(i int) script {
	s.seed += uint64(i)
	return s
}

func runAll(t *testing.T, p *Pump, services int, text script) {
	t.Helper()
	done := make(chan error, services)
	for i := range services {
		s, e := attach(t, p, fmt.Sprint("svc", i))
		text := text.of(i)
		c := start(t, e, text.String())
		go func() {
			err := c.Wait()
			d := drain(t, s)
			end := d.Tail[len(d.Tail)-1]
			if err == nil && end != text.last(0) && end != text.last(1) {
				err = fmt.Errorf("svc%d: the tail ends with %q", i, end)
			}
			done <- err
		}()
	}
	for range services {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// last is the last line of a stream, as a tail keeps it.
func (s script) last(stream int) string {
	line := s.lines(stream)[s.count-1]
	if len(line) <= tailLine {
		return line
	}
	return line[:pieceEnd([]byte(line), tailLine-len(cutOff))] + cutOff
}

// TestNothingLostInFiles: the rotated files of a service, one after the other, are what
// it wrote.
func TestNothingLostInFiles(t *testing.T) {
	text := script{7, 1500, 20000}
	l := newLogs(t, nil)
	path := filepath.Join(t.TempDir(), "log")
	r := Rotation{MaxSize: 40000, Keep: 1000}
	p, err := l.File(path, Config{Rotation: r})
	if err != nil {
		t.Fatal(err)
	}
	s, e := attach(t, p, "svc")
	if err := start(t, e, text.String()).Wait(); err != nil {
		t.Fatal(err)
	}
	drain(t, s)
	closeAll(t, l)

	got := transcript{}
	for _, f := range rotated(t, path) {
		content, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if len(content) > int(r.MaxSize) && strings.Count(string(content), "\n") > 1 {
			t.Errorf("%s has %d bytes", f, len(content))
		}
		sc := bufio.NewScanner(strings.NewReader(string(content)))
		sc.Buffer(nil, 2*MaxLine)
		for sc.Scan() {
			got.add("svc", "either", sc.Text(), false)
		}
	}
	got["svc0 either"] = got["svc either"]
	got.part(t, 1)
	got.check(t, "svc0", "stdout", text.lines(0))
	got.check(t, "svc0", "stderr", text.lines(1))
}

// rotated returns the files of a log, the oldest first.
func rotated(t *testing.T, path string) []string {
	t.Helper()
	files := []string{path}
	for i := 1; ; i++ {
		f := fmt.Sprintf("%s.%d", path, i)
		if _, err := os.Lstat(f); err != nil {
			slices.Reverse(files)
			return files
		}
		files = append(files, f)
	}
}

// TestManySources: five hundred services of which each writes a little.
func TestManySources(t *testing.T) {
	const services = 500
	l := newLogs(t, nil)
	out := collect(t)
	p, err := l.Console(Console{Stdout: out.fd(), Stderr: out.fd(), Format: JSON})
	if err != nil {
		t.Fatal(err)
	}
	var ends []Ends
	for i := range services {
		_, e := attach(t, p, fmt.Sprint(i))
		ends = append(ends, e)
	}
	for round := range 3 {
		for _, e := range ends {
			say(t, e.Stdout, fmt.Sprintf("out %d\n", round))
			say(t, e.Stderr, fmt.Sprintf("err %d\n", round))
		}
	}
	for _, e := range ends {
		e.Close()
	}
	until(t, "all pipes are closed", func() bool { return p.Stats().Sources == 0 })
	closeAll(t, l)
	tr := transcript{}
	tr.readJSON(t, out.all())
	for i := range services {
		tr.check(t, fmt.Sprint(i), "stdout", []string{"out 0", "out 1", "out 2"})
		tr.check(t, fmt.Sprint(i), "stderr", []string{"err 0", "err 1", "err 2"})
	}
}

// TestFairness: a service that floods does not keep another's line waiting.
func TestFairness(t *testing.T) {
	news := make(chan Trouble, 8)
	l := newLogs(t, func(n Trouble) { news <- n })
	m := newMemory()
	m.full.Store(true)
	p := into(t, l, layout{named: true}, m)
	_, flood := attach(t, p, "flood")
	_, quiet := attach(t, p, "quiet")

	// Stuck, the pump lets both pipes fill.
	p.Write([]byte("stuck\n"))
	<-news
	const total = 2 << 20
	go func() {
		say(t, flood.Stdout, strings.Repeat(strings.Repeat("x", 1023)+"\n", total>>10))
		flood.Close()
	}()
	say(t, quiet.Stdout, "here I am\n")
	quiet.Close()
	until(t, "three streams wait", func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.ready.n >= 3 // quiet's two, and flood's output
	})
	m.full.Store(false)
	p.Reopen()
	until(t, "all is read", func() bool { return p.Stats().Sources == 0 })
	closeAll(t, l)
	at := strings.Index(m.String(), "quiet | here I am")
	if at < 0 || at > 3*readSize {
		t.Errorf("the quiet service's line came after %d bytes", at)
	}
}
