package page

import (
	"bytes"
	"encoding/json"
	"html"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"supervise/internal/testtrace"
	"supervise/signals/trace"
)

// limit is how long a browser may take: far more than it needs.
const limit = 3 * time.Minute

// browse runs a headless Chromium, and returns its output and what its console said.
func browse(t *testing.T, address string, args ...string) (document string, console []string) {
	t.Helper()
	program, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("needs chromium")
	}
	home := t.TempDir()
	cmd := exec.Command(program, append([]string{
		"--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-crash-reporter", "--disable-breakpad", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-extensions", "--host-resolver-rules=MAP * ~NOTFOUND",
		"--hide-scrollbars", "--force-color-profile=srgb", "--window-size=1440,900", "--user-data-dir=" + home, "--enable-logging=stderr", "--timeout=60000",
	}, append(args, address)...)...)
	cmd.Env = append(os.Environ(), "HOME="+home, "TMPDIR="+home, "XDG_CONFIG_HOME="+home, "XDG_CACHE_HOME="+home)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var out, notes bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &notes
	cmd.WaitDelay = 10 * time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	kill := func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	timer := time.AfterFunc(limit, kill)
	err = cmd.Wait()
	timer.Stop()
	kill() // its helpers, if any are left
	if err != nil {
		t.Fatalf("chromium: %v\n%s", err, notes.String())
	}
	for line := range strings.Lines(notes.String()) {
		if strings.Contains(line, "CONSOLE") {
			console = append(console, line)
		}
	}
	return out.String(), console
}

// attribute is one of the document's element.
var attribute = regexp.MustCompile(`data-([a-z-]+)="([^"]*)"`)

// state opens a page with a fragment, and returns the data attributes of the document.
func state(t *testing.T, file, fragment string) map[string]string {
	t.Helper()
	document, console := browse(t, "file://"+file+"#"+fragment, "--dump-dom")
	if len(console) > 0 {
		t.Errorf("the console says %q", console)
	}
	element, _, _ := strings.Cut(document, "<head>")
	found := map[string]string{}
	for _, m := range attribute.FindAllStringSubmatch(element, -1) {
		found[m[1]] = html.UnescapeString(m[2])
	}
	if found["ready"] != "yes" || found["errors"] != "0" {
		t.Fatalf("the page is not ready: %v in %.300s", found, document)
	}
	return found
}

// make writes a page.
func write(t *testing.T, o testtrace.Options) (file string, lives []*trace.Life) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "page.html")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w, err := NewWriter(f)
	if err != nil {
		t.Fatal(err)
	}
	if lives, err = testtrace.Feed(w, o); err != nil {
		t.Fatal(err)
	}
	return file, lives
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
	to := l.Target.PID > 0 && l.Target.Comm != ""
	return to && (l.FromKernel() || l.Sender.PID > 0)
}

// want checks numbers among the attributes.
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
	file, lives := write(t, testtrace.Options{Lives: 10_000, Events: true})
	all := func(*trace.Life) bool { return true }
	for fragment, fits := range map[string]func(*trace.Life) bool{
		"":                    all,
		"scale=steps":         all,
		"theme=dark":          all,
		"signal=SIGTERM":      func(l *trace.Life) bool { return l.Signal.String() == "SIGTERM" },
		"hide=handled,unseen": func(l *trace.Life) bool { return l.Verdict != trace.Handled && l.Verdict != trace.Unseen },
		"process=807":         func(l *trace.Life) bool { return !l.FromKernel() && l.Sender.PID == 807 || l.Target.PID == 807 },
		"filter=signal:usr1,sighup+-from:nginx": func(l *trace.Life) bool {
			return (l.Signal.String() == "SIGUSR1" || l.Signal.String() == "SIGHUP") && (l.FromKernel() || l.Sender.Comm != "nginx")
		},
		"filter=verdict:coal":       func(l *trace.Life) bool { return l.Verdict == trace.Coalesced },
		"filter=latency>20us":       func(l *trace.Life) bool { return l.Latency > 20*time.Microsecond },
		"filter=to:807+from:kernel": func(l *trace.Life) bool { return l.Target.PID == 807 && l.FromKernel() },
		"filter=nothing-has-this":   func(*trace.Life) bool { return false },
	} {
		got := state(t, file, fragment)
		shown := count(lives, fits)
		want(t, got, map[string]int{
			"signals": len(lives), "arrows": count(lives, arrow), "shown": shown,
			"shown-arrows": count(lives, func(l *trace.Life) bool { return fits(l) && arrow(l) }),
		})
		if fragment == "" {
			want(t, got, map[string]int{"drawn": shown})
			var verdicts map[string]int
			if err := json.Unmarshal([]byte(got["verdicts"]), &verdicts); err != nil {
				t.Error(err)
			}
			for _, v := range trace.Verdicts() {
				if n := count(lives, func(l *trace.Life) bool { return l.Verdict == v }); verdicts[v.String()] != n {
					t.Errorf("%d %v, want %d", verdicts[v.String()], v, n)
				}
			}
		}
		t.Logf("%q: %s drawn as %s in %s ms", fragment, got["drawn"], got["groups"], got["frame"])
	}
}
