package recording

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/zstd"

	"supervise/internal/testtrace"
	"supervise/signals"
	"supervise/signals/trace"
)

// kept is a sink that remembers everything.
type kept struct {
	header  *trace.Header
	lives   []*trace.Life
	waiting []*trace.Life
	events  []*trace.Event
	counts  *trace.Counts
}

func (k *kept) Begin(h *trace.Header) error {
	k.header = h
	return nil
}

func (k *kept) Life(l *trace.Life) error {
	k.lives = append(k.lives, l)
	return nil
}

func (k *kept) Waiting(l *trace.Life) error {
	k.waiting = append(k.waiting, l)
	return nil
}

func (k *kept) Event(e *trace.Event) error {
	k.events = append(k.events, e)
	return nil
}

func (k *kept) End(c *trace.Counts) error {
	k.counts = c
	return nil
}

// record returns the recording of a trace, and what is in it.
func record(t testing.TB, o testtrace.Options) ([]byte, *kept) {
	t.Helper()
	var file bytes.Buffer
	w, err := NewWriter(&file)
	if err != nil {
		t.Fatal(err)
	}
	k := &kept{}
	if _, err := testtrace.Feed(trace.Sinks{w, k}, o); err != nil {
		t.Fatal(err)
	}
	return file.Bytes(), k
}

// same compares by JSON, which is what is promised: times differ in their location.
func same(t *testing.T, what string, got, want any) {
	t.Helper()
	a, _ := json.Marshal(got)
	b, _ := json.Marshal(want)
	if !bytes.Equal(a, b) {
		t.Errorf("%s: %.2000s\nwant %.2000s", what, a, b)
	}
}

func TestRoundTrip(t *testing.T) {
	for _, n := range []int{0, 1, 20, 3000} {
		file, want := record(t, testtrace.Options{Lives: n, Events: true})
		got := &kept{}
		if err := Read(iotest.OneByteReader(bytes.NewReader(file)), got, Options{Events: true}); err != nil {
			t.Fatal(err)
		}
		same(t, "header", got.header, want.header)
		same(t, "lives", got.lives, want.lives)
		same(t, "events", got.events, want.events)
		same(t, "counts", got.counts, want.counts)
	}
}

// TestNoSignal records calls that failed with a number that is no signal.
func TestNoSignal(t *testing.T) {
	for _, s := range []signals.Signal{0, 65, 255} {
		var file bytes.Buffer
		w, _ := NewWriter(&file)
		_ = w.Begin(testtrace.Header())
		_ = w.Life(&trace.Life{Signal: s, Verdict: trace.Failed})
		_ = w.Flush()
		got := &kept{}
		if err := Read(&file, got, Options{}); err != nil || len(got.lives) != 1 || got.lives[0].Signal != s {
			t.Errorf("%d: %v, %d lives", s, err, len(got.lives))
		}
	}
}

// TestHostile keeps names as JSON can: what is no UTF-8 becomes U+FFFD, as in --format json.
func TestHostile(t *testing.T) {
	file, want := record(t, testtrace.Options{Lives: 500, Hostile: true})
	got := &kept{}
	if err := Read(bytes.NewReader(file), got, Options{}); err != nil {
		t.Fatal(err)
	}
	for i, l := range want.lives {
		l.Detail, l.Sender.Comm = strings.ToValidUTF8(l.Detail, "\ufffd\ufffd"), strings.ToValidUTF8(l.Sender.Comm, "\ufffd\ufffd")
		if got.lives[i].Detail != l.Detail || got.lives[i].Sender.Comm != l.Sender.Comm {
			t.Errorf("%q of %q, want %q of %q", got.lives[i].Detail, got.lives[i].Sender.Comm, l.Detail, l.Sender.Comm)
		}
	}
}

func TestKeep(t *testing.T) {
	file, all := record(t, testtrace.Options{Lives: 500, Events: true})
	got := &kept{}
	term := func(l *trace.Life) bool { return l.Signal == signals.SIGTERM }
	if err := Read(bytes.NewReader(file), got, Options{Keep: term}); err != nil {
		t.Fatal(err)
	}
	all.lives = slices.DeleteFunc(all.lives, func(l *trace.Life) bool { return !term(l) })
	same(t, "lives", got.lives, all.lives)
	if got.counts.Lives != uint64(len(all.lives)) || len(got.events) != 0 || got.counts.Sent != 500 {
		t.Errorf("%d events, %+v", len(got.events), got.counts)
	}
}

// TestCut reads a recording that ends at any byte: there is a beginning of what was recorded,
// ever more of it, and the counts say that it was cut.
func TestCut(t *testing.T) {
	file, all := record(t, testtrace.Options{Lives: 20, NoEnd: true})
	whole := len(file)
	file, _ = record(t, testtrace.Options{Lives: 20})
	if len(file) <= whole {
		t.Fatal("the counts take no room")
	}
	before := 0
	for n := range file {
		got := &kept{}
		err := Read(bytes.NewReader(file[:n]), got, Options{})
		var format *FormatError
		if got.header == nil {
			if !errors.As(err, &format) || before > 0 {
				t.Fatalf("after %d bytes: %v", n, err)
			}
			continue
		}
		if err != nil || got.counts == nil || len(got.lives) < before || n >= whole && len(got.lives) != len(all.lives) {
			t.Fatalf("after %d of %d bytes: %v, %d lives, %d before", n, len(file), err, len(got.lives), before)
		}
		if n <= whole && !got.counts.Cut || got.counts.Lives != uint64(len(got.lives)) {
			t.Fatalf("after %d of %d bytes: %+v", n, len(file), got.counts)
		}
		before = len(got.lives)
		if before > 0 {
			same(t, "lives", got.lives, all.lives[:before])
		}
	}
}

// TestFlush reads what is in the file while it is being written.
func TestFlush(t *testing.T) {
	var file bytes.Buffer
	w, err := NewWriter(&file)
	if err != nil {
		t.Fatal(err)
	}
	_ = w.Begin(testtrace.Header())
	for i := range 3 {
		_ = w.Life(&trace.Life{Signal: signals.SIGTERM, Verdict: trace.Handled})
		_ = w.Waiting(&trace.Life{Signal: signals.SIGUSR1, Verdict: trace.Pending})
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		got := &kept{}
		if err := Read(bytes.NewReader(file.Bytes()), got, Options{}); err != nil || len(got.lives) != i+1 || len(got.waiting) != i+1 {
			t.Fatalf("%v, %d lives, %d waiting", err, len(got.lives), len(got.waiting))
		}
	}
	size := file.Len()
	if err := w.Flush(); err != nil || file.Len() != size {
		t.Errorf("a flush of nothing writes %d bytes", file.Len()-size)
	}
}

// TestDamage changes single bytes: what is read is right, or there is an error.
func TestDamage(t *testing.T) {
	file, all := record(t, testtrace.Options{Lives: 20})
	for n := range file {
		damaged := bytes.Clone(file)
		damaged[n] ^= 0x10
		got := &kept{}
		if err := Read(bytes.NewReader(damaged), got, Options{}); err != nil {
			continue
		}
		if !reflect.DeepEqual(got.counts, all.counts) && !got.counts.Cut {
			t.Errorf("byte %d: no error, and counts %+v", n, got.counts)
		}
	}
}

// packed compresses a text.
func packed(text string) []byte {
	w, _ := zstd.NewWriter(nil, zstd.WithWindowSize(window))
	return w.EncodeAll([]byte(text), nil)
}

const head = `{"recording":1,"begun":"2026-11-30T12:00:00Z"}` + "\n"

func TestOthers(t *testing.T) {
	elf, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		file []byte
		want string
	}{
		"empty":            {nil, "not a recording of supervise trace"},
		"text":             {[]byte("hello\n"), "not a recording of supervise trace"},
		"program":          {elf[:1<<20], "not a recording of supervise trace"},
		"another's zstd":   {packed("hello\nworld\n"), "not a recording of supervise trace"},
		"JSON":             {packed("{}\n"), "not a recording of supervise trace"},
		"newer":            {packed(`{"recording":2}` + "\n"), "a newer supervise"},
		"long first line":  {packed(strings.Repeat("x", 10<<20)), "not a recording of supervise trace"},
		"no JSON":          {packed(head + "x\n"), "damaged at line 2"},
		"unknown verdict":  {packed(head + `{"life":{"verdict":"lost"}}` + "\n"), "damaged at line 2"},
		"long line":        {packed(head + strings.Repeat(" ", 10<<20) + "\n"), "line is too long"},
		"behind its end":   {packed(head + `{"counts":{}}` + "\n\n"), "something follows"},
		"what is not ours": {packed(head + `{"new":{}}` + "\n" + `{"counts":{"new":1}}` + "\n"), ""},
	} {
		err := Read(bytes.NewReader(test.file), &kept{}, Options{})
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
	}
}

// TestErrors passes on those of the file and of the sink.
func TestErrors(t *testing.T) {
	broken := errors.New("broken")
	file, _ := record(t, testtrace.Options{Lives: 20})
	for _, n := range []int{0, len(file) / 2, len(file) - 1} {
		err := Read(io.MultiReader(bytes.NewReader(file[:n]), iotest.ErrReader(broken)), &kept{}, Options{})
		if !errors.Is(err, broken) {
			t.Errorf("after %d bytes: %v", n, err)
		}
	}
	if err := Read(bytes.NewReader(file), failing{&kept{}, broken}, Options{}); err != broken {
		t.Error(err)
	}
}

// failing is a sink that takes no lives.
type failing struct {
	*kept
	err error
}

func (f failing) Life(*trace.Life) error { return f.err }

// TestSize holds what the package's description says of the size.
func TestSize(t *testing.T) {
	const n = 20_000
	file, _ := record(t, testtrace.Options{Lives: n})
	t.Logf("%d bytes for each of %d lives", len(file)/n, n)
	if len(file) > 60*n {
		t.Errorf("%d bytes for %d lives", len(file), n)
	}
}

// FuzzRead reads anything: it returns, and what it hands over can be recorded again.
func FuzzRead(f *testing.F) {
	whole, _ := record(f, testtrace.Options{Lives: 20, Events: true, Hostile: true})
	for _, seed := range [][]byte{
		whole, whole[:len(whole)/2],
		{},
		packed(head), packed(head + `{"counts":{}}` + "\n"),
		packed(head + `{"life":{"verdict":"handled","signal":"SIGTERM","exit":{}}}` + "\n" + `{"waiting":{}}` + "\n" + `{"event":{"child":{}}}` + "\n"),
	} {
		f.Add(seed, true)
	}
	f.Add([]byte(head+`{"life":{"time":"2026-11-30T12:00:00Z"}}`+"\n"), false)
	f.Fuzz(func(t *testing.T, file []byte, whole bool) {
		if !whole { // what is in it, which a fuzzer hardly finds behind the compression
			file = packed(string(file))
		}
		var again bytes.Buffer
		w, _ := NewWriter(&again)
		k := &kept{}
		err := Read(bytes.NewReader(file), trace.Sinks{k, w}, Options{Events: true})
		if k.counts == nil {
			if err == nil {
				t.Fatal("neither counts nor an error")
			}
			return
		}
		if int(k.counts.Lives) != len(k.lives) {
			t.Fatalf("%d lives, and counts %+v", len(k.lives), k.counts)
		}
		back := &kept{}
		if err := Read(&again, back, Options{Events: true}); err != nil {
			t.Fatalf("what was read is written wrong: %v", err)
		}
		if len(k.lives) > 0 {
			same(t, "lives", back.lives, k.lives)
		}
	})
}

func BenchmarkWrite(b *testing.B) {
	w, _ := NewWriter(io.Discard)
	k := &kept{}
	_, _ = testtrace.Feed(k, testtrace.Options{Lives: 1000})
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		_ = w.Life(k.lives[i%1000])
	}
}
