package page

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience is how long a browser may take for an answer: far more than it needs.
const patience = 3 * time.Minute

// browser is a headless Chromium with one page, driven by the DevTools protocol over a pair of
// pipes: --remote-debugging-pipe, messages of JSON that end with a zero byte.
type browser struct {
	t       *testing.T
	to      *os.File
	session string
	notes   bytes.Buffer // what it wrote to standard error; read when it has ended

	mu      sync.Mutex
	last    int
	answers map[int]chan message
	events  map[string]chan message
	console []string // what scripts and the browser complained of
}

// message is a command's answer, or an event.
type message struct {
	ID     int             `json:"id"`
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
	Result json.RawMessage `json:"result"`
	Error  *struct {
		Message string `json:"message"`
	} `json:"error"`
}

// newBrowser starts one, which ends with the test.
func newBrowser(t *testing.T) *browser {
	t.Helper()
	program, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("needs chromium")
	}
	home := t.TempDir()
	cmd := exec.Command(program, "--headless=new", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
		"--disable-crash-reporter", "--disable-breakpad", "--no-first-run", "--disable-background-networking", "--disable-component-update",
		"--disable-extensions", "--host-resolver-rules=MAP * ~NOTFOUND", "--window-size=1440,900", "--user-data-dir="+home)
	cmd.Env = append(os.Environ(), "HOME="+home, "TMPDIR="+home, "XDG_CONFIG_HOME="+home, "XDG_CACHE_HOME="+home, "XDG_RUNTIME_DIR="+home)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	b := &browser{t: t, answers: map[int]chan message{}, events: map[string]chan message{}}
	cmd.Stderr = &b.notes
	cmd.WaitDelay = 10 * time.Second
	commands, to := pipe(t)
	from, answers := pipe(t)
	cmd.ExtraFiles = []*os.File{commands, answers}
	b.to = to
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	commands.Close()
	answers.Close()
	read := make(chan struct{})
	go func() {
		defer close(read)
		b.read(from)
	}()
	t.Cleanup(func() {
		to.Close() // it ends with its pipe
		late := time.AfterFunc(patience, func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) })
		_ = cmd.Wait()
		late.Stop()
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // what it may have left
		<-read
		from.Close()
		for line := range strings.Lines(b.notes.String()) {
			if t.Failed() && !strings.Contains(line, "dbus") {
				t.Logf("chromium: %s", line)
			}
		}
	})
	b.attach()
	return b
}

func pipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	return r, w
}

// attach opens a page, and hears of its errors.
func (b *browser) attach() {
	b.t.Helper()
	var target struct{ TargetID string }
	b.call("Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	var session struct{ SessionID string }
	b.call("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &session)
	b.session = session.SessionID
	for _, domain := range []string{"Page", "Runtime", "Log"} {
		b.call(domain+".enable", nil, nil)
	}
}

// read takes messages until the pipe ends.
func (b *browser) read(from *os.File) {
	lines := bufio.NewReader(from)
	for {
		text, err := lines.ReadBytes(0)
		if err != nil {
			return
		}
		var m message
		if json.Unmarshal(text[:len(text)-1], &m) != nil {
			continue
		}
		b.mu.Lock()
		switch {
		case m.ID != 0:
			b.answers[m.ID] <- m
			delete(b.answers, m.ID)
		case m.Method == "Runtime.consoleAPICalled", m.Method == "Runtime.exceptionThrown", m.Method == "Log.entryAdded":
			b.console = append(b.console, string(m.Params))
		case b.events[m.Method] != nil:
			b.events[m.Method] <- m
			delete(b.events, m.Method)
		}
		b.mu.Unlock()
	}
}

// call sends a command and waits for its result.
func (b *browser) call(method string, params map[string]any, result any) {
	b.t.Helper()
	answer := make(chan message, 1)
	b.mu.Lock()
	b.last++
	id := b.last
	b.answers[id] = answer
	b.mu.Unlock()
	command := map[string]any{"id": id, "method": method}
	if params != nil {
		command["params"] = params
	}
	if b.session != "" {
		command["sessionId"] = b.session
	}
	text, err := json.Marshal(command)
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := b.to.Write(append(text, 0)); err != nil {
		b.t.Fatalf("%s: %v", method, err)
	}
	m := b.wait(method, answer)
	if m.Error != nil {
		b.t.Fatalf("%s: %s", method, m.Error.Message)
	}
	if result != nil {
		if err := json.Unmarshal(m.Result, result); err != nil {
			b.t.Fatalf("%s: %v in %s", method, err, m.Result)
		}
	}
}

func (b *browser) wait(what string, c chan message) message {
	b.t.Helper()
	select {
	case m := <-c:
		return m
	case <-time.After(patience):
		b.t.Fatalf("chromium has not answered to %s within %v", what, patience)
		return message{}
	}
}

// open opens a file, with a fragment, and returns the state of the page when it is ready.
func (b *browser) open(file, fragment string) map[string]string {
	b.t.Helper()
	loaded := make(chan message, 1)
	b.mu.Lock()
	b.events["Page.loadEventFired"] = loaded
	b.mu.Unlock()
	b.call("Page.navigate", map[string]any{"url": "file://" + file + "#" + fragment}, nil)
	b.wait("Page.navigate", loaded)
	return b.state()
}

// evaluate runs an expression, and takes its value, also of a promise.
func (b *browser) evaluate(expression string, value any) {
	b.t.Helper()
	var answer struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails json.RawMessage
	}
	b.call("Runtime.evaluate", map[string]any{"expression": expression, "awaitPromise": true, "returnByValue": true}, &answer)
	if answer.ExceptionDetails != nil {
		b.t.Fatalf("%s: %s", expression, answer.ExceptionDetails)
	}
	if err := json.Unmarshal(answer.Result.Value, value); err != nil {
		b.t.Fatalf("%s: %v in %s", expression, err, answer.Result.Value)
	}
}

// state is what the page says of itself, when it has drawn what was asked for before.
func (b *browser) state() map[string]string {
	b.t.Helper()
	found := map[string]string{}
	b.evaluate(`new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done({...document.documentElement.dataset}))))`, &found)
	if found["ready"] != "yes" || found["errors"] != "0" {
		b.t.Fatalf("the page is not ready: %v", found)
	}
	return found
}

// show changes the fragment of the page's address.
func (b *browser) show(fragment string) map[string]string {
	b.t.Helper()
	var changed bool
	b.evaluate(fmt.Sprintf(`new Promise(done => { addEventListener('hashchange', () => done(true), {once: true}); location.hash = %q; })`, "#x"+fragment), &changed)
	return b.state()
}

// press presses keys of the keyboard.
func (b *browser) press(keys ...string) map[string]string {
	b.t.Helper()
	for _, key := range keys {
		params := map[string]any{"type": "keyDown", "key": key}
		if len(key) == 1 {
			params["text"] = key
		}
		b.call("Input.dispatchKeyEvent", params, nil)
		b.call("Input.dispatchKeyEvent", map[string]any{"type": "keyUp", "key": key}, nil)
	}
	return b.state()
}

// mouse does something with the mouse at a point of the page.
func (b *browser) mouse(kind string, x, y float64, more map[string]any) {
	b.t.Helper()
	params := map[string]any{"type": kind, "x": x, "y": y}
	for k, v := range more {
		params[k] = v
	}
	b.call("Input.dispatchMouseEvent", params, nil)
}

// quiet checks that nothing was complained of.
func (b *browser) quiet() {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.console) > 0 {
		b.t.Errorf("the console says %s", strings.Join(b.console, "\n"))
	}
}
