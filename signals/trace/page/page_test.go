package page

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"

	"supervise/internal/testtrace"
	"supervise/signals"
	"supervise/signals/trace"
)

// write writes a page.
func write(t *testing.T, o testtrace.Options) (file string, lives []*trace.Life) {
	t.Helper()
	var page bytes.Buffer
	w, err := NewWriter(&page)
	if err != nil {
		t.Fatal(err)
	}
	if lives, err = testtrace.Feed(w, o); err != nil {
		t.Fatal(err)
	}
	return save(t, page.Bytes()), lives
}

func save(t *testing.T, page []byte) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "page.html")
	if err := os.WriteFile(file, page, 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// count is how many lives fit.
func count(lives []*trace.Life, fits func(*trace.Life) bool) (n int) {
	for _, l := range lives {
		if fits(l) {
			n++
		}
	}
	return n
}

// arrow reports whether a life has both a sender and a target.
func arrow(l *trace.Life) bool {
	return l.Target.PID > 0 && l.Target.Comm != "" && (l.FromKernel() || l.Sender.PID > 0)
}

// want checks numbers of a page's state.
func want(t *testing.T, got map[string]string, numbers map[string]int) {
	t.Helper()
	for name, n := range numbers {
		if got[name] != strconv.Itoa(n) {
			t.Errorf("%s is %q, want %d", name, got[name], n)
		}
	}
}

// TestMany opens a page of 10,000 signals: all are counted and drawn, and filters leave what
// they should.
func TestMany(t *testing.T) {
	b := newBrowser(t)
	file, lives := write(t, testtrace.Options{Lives: 10_000, Events: true})
	got := b.open(file, "")
	t.Logf("%s drawn as %s in %s ms", got["drawn"], got["groups"], got["frame"])
	want(t, got, map[string]int{"drawn": len(lives)})
	var verdicts map[string]int
	if err := json.Unmarshal([]byte(got["verdicts"]), &verdicts); err != nil {
		t.Error(err)
	}
	for _, v := range trace.Verdicts() {
		if n := count(lives, func(l *trace.Life) bool { return l.Verdict == v }); verdicts[v.String()] != n || n == 0 {
			t.Errorf("%d %v, want %d", verdicts[v.String()], v, n)
		}
	}
	for fragment, fits := range filters() {
		got := b.show("&" + fragment)
		n := count(lives, fits)
		if n == 0 && !strings.Contains(fragment, "nothing") {
			t.Errorf("%q is no test: nothing fits", fragment)
		}
		t.Logf("%q: %s drawn as %s in %s ms", fragment, got["drawn"], got["groups"], got["frame"])
		want(t, got, map[string]int{
			"signals": len(lives), "arrows": count(lives, arrow), "shown": n, "drawn": n,
			"shownArrows": count(lives, func(l *trace.Life) bool { return fits(l) && arrow(l) }),
		})
		if t.Failed() {
			t.Fatalf("with %q", fragment)
		}
	}
	b.quiet()
}

// filters are fragments of the address, and what they are to leave over.
func filters() map[string]func(*trace.Life) bool {
	all := func(*trace.Life) bool { return true }
	is := func(s signals.Signal) func(*trace.Life) bool {
		return func(l *trace.Life) bool { return l.Signal == s }
	}
	return map[string]func(*trace.Life) bool{
		"":                           all,
		"scale=steps":                all,
		"theme=dark":                 all,
		"signal=SIGTERM":             is(signals.SIGTERM),
		"filter=signal:usr1":         is(signals.SIGUSR1),
		"filter=signal:SIGRTMIN%2B1": is(signals.SIGRTMIN + 1),
		"hide=handled,unseen":        func(l *trace.Life) bool { return l.Verdict != trace.Handled && l.Verdict != trace.Unseen },
		"process=807":                func(l *trace.Life) bool { return !l.FromKernel() && l.Sender.PID == 807 || l.Target.PID == 807 },
		"filter=verdict:coal":        func(l *trace.Life) bool { return l.Verdict == trace.Coalesced },
		"filter=coalesced":           func(l *trace.Life) bool { return l.Verdict == trace.Coalesced },
		"filter=latency>20us":        func(l *trace.Life) bool { return l.Latency > 20*time.Microsecond },
		"filter=to:807 from:kernel":  func(l *trace.Life) bool { return l.Target.PID == 807 && l.FromKernel() },
		"filter=uid:2000 -uid:0": func(l *trace.Life) bool {
			return (l.Sender.UID == 2000 || l.Target.UID == 2000) && l.Sender.UID != 0 && l.Target.UID != 0
		},
		"filter=nothing-has-this": func(*trace.Life) bool { return false },
		"filter=cgroup:redis&scale=steps&hide=handled": func(l *trace.Life) bool {
			return l.Verdict != trace.Handled && strings.Contains(l.Sender.Cgroup+l.Target.Cgroup, "redis")
		},
		"filter=signal:usr1,sighup !from:nginx": func(l *trace.Life) bool {
			return (l.Signal == signals.SIGUSR1 || l.Signal == signals.SIGHUP) && (l.FromKernel() || l.Sender.Comm != "nginx")
		},
	}
}

// TestByHand uses the keyboard and the mouse.
func TestByHand(t *testing.T) {
	b := newBrowser(t)
	file, lives := write(t, testtrace.Options{Lives: 500})
	b.open(file, "")
	want(t, b.press("ArrowDown"), map[string]int{"selected": 0})
	want(t, b.press("ArrowDown", "ArrowDown"), map[string]int{"selected": 2})
	want(t, b.press("ArrowUp"), map[string]int{"selected": 1})
	want(t, b.press("End"), map[string]int{"selected": 499})
	var text string
	b.evaluate("document.getElementById('detail').innerText", &text)
	for _, part := range []string{lives[499].Signal.String(), lives[499].Verdict.String(), lives[499].Target.Comm} {
		if !strings.Contains(text, part) {
			t.Errorf("%q is not told in %q", part, text)
		}
	}
	if n, _ := strconv.Atoi(b.press("Enter", "+")["drawn"]); n >= 500 || n == 0 {
		t.Errorf("%d signals are drawn after zooming in", n)
	}
	want(t, b.press("0", "Escape"), map[string]int{"drawn": 500})
	b.press("/")
	got := b.press("t", "e", "r", "m")
	term := count(lives, func(l *trace.Life) bool {
		return strings.Contains(strings.ToLower(l.Signal.String()+l.Verdict.String()), "term")
	})
	for deadline := time.Now().Add(patience); got["shown"] != strconv.Itoa(term) && time.Now().Before(deadline); {
		got = b.state() // it waits for the end of the typing
	}
	want(t, got, map[string]int{"shown": term})
	want(t, b.press("Escape", "Escape"), map[string]int{"shown": 500}) // out of the field, then without a filter
	if got := b.press("s"); got["drawn"] != "500" {
		t.Errorf("%s signals are drawn in steps", got["drawn"])
	}
	before := b.press("t")["theme"]
	if after := b.press("t")["theme"]; after == before {
		t.Errorf("the theme stays %s", after)
	}
	b.useMouse()
	b.quiet()
}

// useMouse clicks a verdict of the legend away, finds an arrow, and zooms in on it.
func (b *browser) useMouse() {
	t := b.t
	t.Helper()
	var n int
	b.evaluate("(() => { const l = document.querySelector('#legend button'); l.click(); return +l.querySelector('b').textContent; })()", &n)
	want(t, b.state(), map[string]int{"shown": 500 - n})
	b.evaluate("(document.querySelector('#legend button').click(), 0)", &n)
	b.state()
	// The first one is far to the left, and its arrow is somewhere in the column of its time.
	var at struct{ X, Y, H float64 }
	b.show("&scale=steps&select=3&from=0&to=1000000")
	b.evaluate(`(() => { const r = document.getElementById('plot').getBoundingClientRect(); return {x: r.left, y: r.top, h: r.height}; })()`, &at)
	found := ""
	for x := at.X + 220; x < at.X+700 && found == ""; x += 4 {
		for y := at.Y + 50; y < at.Y+at.H && found == ""; y += 40 {
			b.mouse("mouseMoved", x, y, nil)
			b.evaluate("(tip => tip.hidden ? '' : tip.innerText)(document.getElementById('tip'))", &found)
			if found != "" {
				b.mouse("mousePressed", x, y, map[string]any{"button": "left", "clickCount": 1})
				b.mouse("mouseReleased", x, y, map[string]any{"button": "left", "clickCount": 1})
				want(t, b.state(), map[string]int{"errors": 0})
				drawn := b.state()["drawn"]
				b.mouse("mouseWheel", x, y, map[string]any{"deltaX": 0, "deltaY": -400})
				if after := b.state()["drawn"]; after == drawn {
					t.Errorf("the wheel does not zoom: %s signals", after)
				}
			}
		}
	}
	if !strings.HasPrefix(found, "SIG") || !strings.Contains(found, "Sender") {
		t.Errorf("the mouse found %q", found)
	}
}

// TestHostile opens a page with names that try to be more than names.
func TestHostile(t *testing.T) {
	file, lives := write(t, testtrace.Options{Lives: 300, Events: true, Hostile: true})
	page, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range string(page) {
		if c != '\n' && c != '\t' && !unicode.IsPrint(c) {
			t.Errorf("%q is in the page", c)
		}
	}
	_, data, _ := strings.Cut(string(page), `id="data">`)
	if n := strings.Count(data, "<"); n != 3 || !strings.HasSuffix(data, "</script>\n</body>\n</html>\n") {
		t.Errorf("%d tags behind the data", n)
	}
	b := newBrowser(t)
	got := b.open(file, "select=0")
	want(t, got, map[string]int{"signals": 300, "arrows": count(lives, arrow), "drawn": 300})
	var elements int
	b.evaluate("document.querySelectorAll('body script, body b[id], body i, body img').length", &elements)
	if elements != 3 { // two scripts and an <i> of the help
		t.Errorf("%d elements that are not of the page", elements)
	}
	b.quiet()
}

// TestCut opens pages whose writer was killed, and one without signals.
func TestCut(t *testing.T) {
	b := newBrowser(t)
	file, _ := write(t, testtrace.Options{Lives: 100})
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	begin := bytes.Index(whole, []byte(`id="data">`))
	for _, end := range []int{begin + 20, (begin + len(whole)) / 2, len(whole) - 40} {
		got := b.open(save(t, whole[:end]), "")
		var trouble string
		b.evaluate("document.getElementById('trouble').innerText", &trouble)
		if n := strings.Count(string(whole[begin:end]), "\n[\"l\","); got["signals"] != strconv.Itoa(n) && got["signals"] != strconv.Itoa(n-1) || !strings.Contains(trouble, "no end") {
			t.Errorf("%s of %d signals, and %q", got["signals"], n, trouble)
		}
	}
	file, _ = write(t, testtrace.Options{})
	want(t, b.open(file, "scale=steps"), map[string]int{"signals": 0, "arrows": 0})
	b.press("ArrowDown", "+", "End", "s", "0", "Enter")
	b.quiet()
}

// TestConsole makes an error, which the other tests would see.
func TestConsole(t *testing.T) {
	b := newBrowser(t)
	file, _ := write(t, testtrace.Options{Lives: 1})
	b.open(file, "")
	var done int
	b.evaluate("(() => { const s = document.createElement('script'); s.textContent = 'alert(1)'; document.body.append(s); return 1; })()", &done)
	b.state()
	if len(b.console) == 0 || !strings.Contains(b.console[0], "Content Security Policy") {
		t.Errorf("a script that is not the page's: the console says %q", b.console)
	}
}

// TestMost leaves out what is too much, and says so.
func TestMost(t *testing.T) {
	var page bytes.Buffer
	w, err := NewWriter(&page)
	if err != nil {
		t.Fatal(err)
	}
	life := trace.Life{Signal: signals.SIGTERM, Verdict: trace.Handled}
	for range Most + 7 {
		if err := w.Life(&life); err != nil {
			t.Fatal(err)
		}
	}
	_ = w.End(&trace.Counts{Lives: Most + 7})
	if n := bytes.Count(page.Bytes(), []byte("\n[\"l\",")); n != Most || !bytes.Contains(page.Bytes(), []byte(`"lives":250007`)) {
		t.Errorf("%d signals", n)
	}
}

// TestSelfContained looks for anything that would be loaded.
func TestSelfContained(t *testing.T) {
	file, _ := write(t, testtrace.Options{Lives: 10})
	page, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, load := range regexp.MustCompile(`(?i)(https?:|\bsrc=|@import|url\(|href="[^"]*|fetch\(|XMLHttpRequest)`).FindAllString(string(page), -1) {
		if load != `href="data:,` {
			t.Errorf("the page has %q", load)
		}
	}
}

// TestSize holds what the package's description says.
func TestSize(t *testing.T) {
	small, _ := write(t, testtrace.Options{Lives: 1000})
	large, _ := write(t, testtrace.Options{Lives: 11_000})
	if a, b := size(t, small), size(t, large); (b-a)/10_000 > 70 {
		t.Errorf("%d bytes for a signal", (b-a)/10_000)
	}
}

func size(t *testing.T, file string) int64 {
	t.Helper()
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}
