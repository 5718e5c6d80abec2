package conformance

import (
	"path/filepath"
	"strings"
	"testing"
)

// engineServices is the configuration of supervise run in a container.
const engineServices = `
[service.web]
command = ["sh", "-c", "trap 'echo HUP' HUP; trap 'echo bye; exit 0' TERM; echo ready; while :; do sleep 0.05; done"]
signals.forward = { SIGUSR1 = "SIGHUP" }
[service.orphans]
command = ["sh", "-c", "(setsid sleep 600 &); exec sleep 600"]
[service.eater]
command = ["tail", "/dev/zero"]
startup = "disabled"
restart.policy = "never"
`

// engineRun is what is done to a container with supervise run in it.
var engineRun = map[string]engineRow{
	"stop": {do: func(t *testing.T, e *engine, name string) {
		e.stops(t, name)
		e.ended(t, name, 0)
	}},
	"kill": {do: func(t *testing.T, e *engine, name string) {
		e.do(t, "kill", "--signal=USR1", name)
		e.awaitLog(t, name, "web     | HUP")
		e.do(t, "kill", "--signal=INT", name)
		e.ended(t, name, 0)
	}},
	"exec": {do: func(t *testing.T, e *engine, name string) {
		if out := e.do(t, "exec", name, "/full/supervise", "status"); strings.Count(out, "running") != 2 {
			t.Error(out)
		}
		e.do(t, "exec", name, "/full/supervise", "restart", "--all", "--timeout", "30s")
		if out := e.do(t, "exec", name, "sh", "-c", reaps); out != "clean" {
			t.Errorf("exec left zombies: %q", out)
		}
		e.do(t, "exec", name, "/full/supervise", "shutdown", "--no-wait")
		e.ended(t, name, 0)
	}},
	"pause": {do: func(t *testing.T, e *engine, name string) {
		e.do(t, "pause", name)
		e.do(t, "unpause", name)
		e.do(t, "exec", name, "/full/supervise", "wait", "web", "--for", "up", "--timeout", "30s")
		e.stops(t, name)
		e.ended(t, name, 0)
	}},
	"out of memory": {options: []string{"--memory=64m", "--memory-swap=64m"}, do: func(t *testing.T, e *engine, name string) {
		e.do(t, "exec", name, "/full/supervise", "start", "--no-wait", "eater")
		e.awaitLog(t, name, "killed by SIGKILL")
		if out := e.do(t, "exec", name, "/full/supervise", "status", "web"); !strings.Contains(out, "running") {
			t.Error(out)
		}
		e.stops(t, name)
		e.ended(t, name, 0)
	}},
	"without rights": {options: []string{"--read-only", "--tmpfs=/tmp", "--cap-drop=ALL", "--security-opt=no-new-privileges", "--user=1234:1234"}, do: func(t *testing.T, e *engine, name string) {
		if out := e.do(t, "exec", name, "/full/supervise", "status"); strings.Count(out, "running") != 2 {
			t.Error(out)
		}
		e.stops(t, name)
		e.ended(t, name, 0)
	}},
	"below the engine's init": {options: []string{"--init"}, do: func(t *testing.T, e *engine, name string) {
		if out := e.do(t, "exec", name, "cat", "/proc/1/comm"); out != "docker-init" {
			t.Errorf("PID 1 is %q", out)
		}
		e.stops(t, name)
		e.ended(t, name, 0)
	}},
	"restart": {options: []string{"--restart=always"}, do: func(t *testing.T, e *engine, name string) {
		e.do(t, "exec", name, "/full/supervise", "shutdown", "--now", "--no-wait")
		e.awaitState(t, name, "{{.State.Running}} {{.RestartCount}}", "true 1")
		e.awaitLogs(t, name, "web     | ready", 2) // and the first time was before
		e.stops(t, name)
		e.ended(t, name, 0)
	}},
}

// TestEngineRun has supervise run as the command of containers.
func TestEngineRun(t *testing.T) {
	t.Parallel()
	e := startEngine(t, filepath.Join(bin, "full", "docker-init"))
	for what, r := range engineRun {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			name := e.create(t, append(r.options, "--entrypoint=/full/supervise", engineImage, "run", "--log-format=text", "/etc/services.toml")...)
			e.awaitLog(t, name, "web     | ready")
			r.do(t, e, name)
		})
	}
}

// ended checks that supervise run has ended well, with everything that it ran.
func (e *engine) ended(t *testing.T, name string, status int) {
	t.Helper()
	if got, out := e.status(t, name), e.do(t, "logs", name); got != status || !strings.Contains(out, "bye") {
		t.Errorf("status %d, want %d\n%s", got, status, out)
	}
}
