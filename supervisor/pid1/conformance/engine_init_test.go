package conformance

import (
	"context"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
)

// engineNames are what the engine is told as --init-path for each build.
var engineNames = map[string]string{"full": "docker-init", "slim": own}

// engineOff has a container's init start the Go runtime at once.
const engineOff = "--env=" + off

// initIn are the ways to have an init in a container: the engine's own, and an image's entry
// point, each with the nucleus and without.
func initIn(build string) map[string][]string {
	entry := "--entrypoint=/" + build + "/" + own
	return map[string][]string{
		"--init":          {"--init", engineImage},
		"entrypoint":      {entry, engineImage, "--"},
		"--init, off":     {"--init", engineOff, engineImage},
		"entrypoint, off": {entry, engineOff, engineImage, "--"},
	}
}

// TestEngine runs init below a real Docker Engine.
func TestEngine(t *testing.T) {
	t.Parallel()
	for _, build := range builds {
		t.Run(build, func(t *testing.T) {
			t.Parallel()
			e := startEngine(t, filepath.Join(bin, build, engineNames[build]))
			t.Run("version", e.readsVersion)
			for way, args := range initIn(build) {
				t.Run(way, func(t *testing.T) { e.tryInit(t, build, args) })
			}
		})
	}
}

// TestEngineVersion has the engine ask the other names for their version.
func TestEngineVersion(t *testing.T) {
	t.Parallel()
	for build, name := range map[string]string{"full": own, "slim": "docker-init"} {
		t.Run(build, func(t *testing.T) {
			t.Parallel()
			startEngine(t, filepath.Join(bin, build, name)).readsVersion(t)
		})
	}
}

// readsVersion reports whether the engine understands what init says of itself.
func (e *engine) readsVersion(t *testing.T) {
	version := e.do(t, "version", "--format", `{{range .Server.Components}}{{.Name}}={{.Version}};{{end}}`)
	if !strings.Contains(version, "=0.19.0 (supervise init ") {
		t.Errorf("the engine's components are %q", version)
	}
	if id := e.do(t, "info", "--format", "{{.InitCommit.ID}}"); id == "N/A" {
		t.Errorf("the commit of init is %q", id)
	}
	if log := e.logged(t); strings.Contains(log, "failed to parse") || strings.Contains(log, "failed to retrieve") {
		t.Error(log)
	}
}

// engineRow is what is done to a container that runs a command below init.
type engineRow struct {
	options []string
	script  string
	do      func(t *testing.T, e *engine, name string)
}

// asleepInEngine ends at any signal, long before the ten seconds after which the engine kills.
const asleepInEngine = "echo ready; exec sleep 600"

// reaps prints "clean" once none of its orphans is a zombie any more.
const reaps = `i=0; while [ $i -lt 50 ]; do (: &); i=$((i+1)); done
	i=0; while grep -l '^State:.Z' /proc/[0-9]*/status >/dev/null 2>&1 && [ $i -lt 500 ]; do i=$((i+1)); sleep 0.01; done; [ $i -lt 500 ] && echo clean; `

var engineInit = map[string]engineRow{
	"exit": {script: "exit 7", do: func(t *testing.T, e *engine, name string) { e.expect(t, name, 7, "") }},
	"stop": {script: asleepInEngine, do: func(t *testing.T, e *engine, name string) {
		e.awaitLog(t, name, "ready")
		e.stops(t, name)
		e.expect(t, name, 143, "ready")
	}},
	"stop in vain": {script: `trap "" TERM; echo ready; while :; do sleep 1; done`, do: func(t *testing.T, e *engine, name string) {
		e.awaitLog(t, name, "ready")
		e.do(t, "stop", "--time=1", name)
		e.expect(t, name, 137, "ready")
	}},
	"stop signal": {options: []string{"--stop-signal=SIGQUIT"}, script: `trap "echo QUIT; exit 3" QUIT; echo ready; while :; do sleep 0.1; done`, do: func(t *testing.T, e *engine, name string) {
		e.awaitLog(t, name, "ready")
		e.stops(t, name)
		e.expect(t, name, 3, "ready\nQUIT")
	}},
	"kill": {script: `for s in HUP USR1 37; do trap "echo got $s" $s; done; trap "exit 4" TERM; echo ready; while :; do sleep 0.05; done`, do: func(t *testing.T, e *engine, name string) {
		e.awaitLog(t, name, "ready")
		for _, s := range []string{"HUP", "USR1", "37"} { // SIGRTMIN+3
			e.do(t, "kill", "--signal="+s, name)
			e.awaitLog(t, name, "got "+s)
		}
		e.do(t, "kill", "--signal=TERM", name)
		e.expect(t, name, 4, "ready\ngot HUP\ngot USR1\ngot 37")
	}},
	"kill by SIGKILL": {script: asleepInEngine, do: func(t *testing.T, e *engine, name string) {
		e.do(t, "kill", name)
		if status := e.status(t, name); status != 137 {
			t.Errorf("status %d", status)
		}
	}},
	"exec": {script: asleepInEngine, do: func(t *testing.T, e *engine, name string) {
		if out := e.do(t, "exec", name, "sh", "-c", reaps); out != "clean" {
			t.Errorf("exec left zombies: %q", out)
		}
		if _, err := e.try("exec", name, "sh", "-c", "exit 9"); exitStatus(err) != 9 {
			t.Errorf("exec: %v", err)
		}
	}},
	"pause": {script: asleepInEngine, do: func(t *testing.T, e *engine, name string) {
		e.awaitLog(t, name, "ready")
		e.do(t, "pause", name)
		e.do(t, "unpause", name)
		e.do(t, "exec", name, "true")
		e.stops(t, name)
		e.expect(t, name, 143, "ready")
	}},
	"out of memory": {options: []string{"--memory=32m", "--memory-swap=32m"}, script: "echo ready; tail /dev/zero", do: func(t *testing.T, e *engine, name string) {
		// Whether it was for want of memory the engine hears apart from the end, and may hear too
		// late to say so.
		if status := e.status(t, name); status != 137 {
			t.Errorf("status %d", status)
		}
	}},
	"without rights": {
		options: []string{"--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges", "--user=1234:1234"},
		script:  `grep -E '^(Uid|CapEff|NoNewPrivs)' /proc/1/status; ` + reaps + asleepInEngine, do: func(t *testing.T, e *engine, name string) {
			e.awaitLog(t, name, "ready")
			e.stops(t, name)
			e.expect(t, name, 143, "Uid:\t1234\t1234\t1234\t1234\nCapEff:\t0000000000000000\nNoNewPrivs:\t1\nclean\nready")
		},
	},
	"restart on failure": {options: []string{"--restart=on-failure:2"}, script: "echo run; exit 3", do: func(t *testing.T, e *engine, name string) {
		e.awaitState(t, name, "{{.State.Running}} {{.State.Restarting}} {{.RestartCount}} {{.State.ExitCode}}", "false false 2 3")
		e.expect(t, name, 3, "run\nrun\nrun")
	}},
	"restart unless stopped": {options: []string{"--restart=unless-stopped"}, script: "echo ready; exec sleep 600", do: func(t *testing.T, e *engine, name string) {
		e.awaitLog(t, name, "ready")
		_, _ = e.try("exec", name, "kill", "-TERM", "1") // which may end with the container
		e.awaitState(t, name, "{{.State.Running}} {{.RestartCount}}", "true 1")
		e.awaitLog(t, name, "ready\nready")
		e.stops(t, name)
		if got := e.inspect(t, name, "{{.State.Running}} {{.State.ExitCode}}"); got != "false 143" {
			t.Errorf("it is %q", got)
		}
	}},
}

// tryInit tries everything with one build, and in one of the ways of initIn.
func (e *engine) tryInit(t *testing.T, build string, args []string) {
	var env []string
	if slices.Contains(args, engineOff) {
		env = []string{off}
	}
	try := func(what string, test func(t *testing.T)) {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			counted(t, build, belowEngine, env...)
			test(t)
		})
	}
	for what, r := range engineInit {
		try(what, func(t *testing.T) {
			name := e.create(t, append(append(r.options, args...), "sh", "-c", r.script)...)
			r.do(t, e, name)
		})
	}
	try("terminal", func(t *testing.T) {
		e.tryTerminal(t, append(args, "sh", "-c", `trap "echo INT; exit 5" INT; stty size; echo ready; while :; do sleep 0.1; done`))
	})
	try("not PID 1", func(t *testing.T) {
		first := e.create(t, engineImage, "sleep", "600")
		name := e.create(t, append(append([]string{"--pid=container:" + first}, args...), "sh", "-c", asleepInEngine)...)
		e.awaitLog(t, name, "ready")
		e.stops(t, name)
		if status := e.status(t, name); status != 143 {
			t.Errorf("status %d\n%s", status, e.do(t, "logs", name))
		}
	})
	try("threads", func(t *testing.T) {
		want := "one"
		if env != nil {
			want = "more"
		}
		name := e.create(t, append(args, "sh", "-c", "set -- /proc/1/task/*; [ $# = 1 ] && echo one || echo more")...)
		e.expect(t, name, 0, want)
	})
}

// stops has the engine stop a container, which must not take until the engine loses patience.
func (e *engine) stops(t *testing.T, name string) {
	t.Helper()
	start := time.Now()
	e.do(t, "stop", "--time=30", name)
	if took := time.Since(start); took > 25*time.Second {
		t.Errorf("docker stop took %v", took)
	}
}

// awaitState waits until the engine says so of a container.
func (e *engine) awaitState(t *testing.T, name, format, want string) {
	t.Helper()
	var got string
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if got = e.inspect(t, name, format); got == want {
			return
		}
	}
	t.Fatalf("it is %q, not %q", got, want)
}

// tryTerminal has a container on a terminal: Ctrl-C reaches the command, once.
func (e *engine) tryTerminal(t *testing.T, args []string) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := e.command(ctx, append([]string{"run", "--rm", "--interactive", "--tty", "--network=none"}, args...)...)
	tty, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 33, Cols: 99})
	if err != nil {
		t.Fatal(err)
	}
	defer tty.Close()
	var seen strings.Builder
	buffer := make([]byte, 1024)
	for pressed := false; ; {
		n, err := tty.Read(buffer)
		seen.Write(buffer[:n])
		if !pressed && strings.Contains(seen.String(), "ready") {
			pressed = true
			if _, err := tty.Write([]byte{3}); err != nil {
				t.Fatal(err)
			}
		}
		if err != nil { // EIO when the other side is closed
			break
		}
	}
	if status := exitStatus(cmd.Wait()); status != 5 || strings.Count(seen.String(), "INT") != 1 {
		t.Errorf("status %d, it wrote %q", status, seen.String())
	}
}

// exitStatus is that of a command that was waited for, -1 if it did not exit.
func exitStatus(err error) int {
	switch err := err.(type) {
	case nil:
		return 0
	case *exec.ExitError:
		return err.ExitCode()
	}
	return -1
}
