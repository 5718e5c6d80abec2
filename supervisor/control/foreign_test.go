package control

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"supervise/supervisor/control/request"
)

const foreign = "../../testdata/clients"

// TestForeignClients has the clients in C and Python ask what programs would.
func TestForeignClients(t *testing.T) {
	t.Run("C", func(t *testing.T) {
		compiler, err := exec.LookPath("cc")
		if err != nil {
			t.Skip("there is no C compiler here")
		}
		program := filepath.Join(t.TempDir(), "client")
		build := exec.CommandContext(limited(t), compiler, "-Wall", "-Wextra", "-Werror", "-O1", "-o", program, foreign+"/client.c")
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		testForeign(t, program)
	})
	t.Run("Python", func(t *testing.T) {
		python, err := exec.LookPath("python3")
		if err != nil {
			t.Skip("there is no python3 here")
		}
		if err := exec.Command(python, "-c", "import ctypes, json, struct").Run(); err != nil {
			t.Skip("python3 has no ctypes here:", err)
		}
		testForeign(t, python, foreign+"/client.py")
	})
}

func testForeign(t *testing.T, program ...string) {
	dir := t.TempDir()
	respond := answerAs(300)
	l := serve(t, dir, func(call *Call) {
		if r, ok := call.Request.(request.Restart); ok {
			call.Tell(&request.Reply{Text: "stopping " + r.Services[0]})
			call.Reply(&request.Reply{Outcomes: []request.Outcome{{Service: r.Services[0], OK: true, Result: "up"}}})
			return
		}
		respond(call)
	})
	ask := func(text string) (lines []string, status int) {
		t.Helper()
		cmd := exec.CommandContext(limited(t), program[0], append(append([]string{}, program[1:]...), dir, text)...)
		out, err := cmd.Output()
		if cmd.ProcessState == nil {
			t.Fatal(err)
		}
		return strings.Split(strings.TrimSuffix(string(out), "\n"), "\n"), cmd.ProcessState.ExitCode()
	}
	lines, status := ask(`{"verb":"status"}`)
	var reply request.Reply
	if err := json.Unmarshal([]byte(lines[0]), &reply); err != nil || status != 0 || len(lines) != 1 ||
		len(reply.Services) != 300 || reply.Services[299].Name != "service-299" {
		t.Errorf("status: exit %d, %d lines, %v, %.100s", status, len(lines), err, lines[0])
	}
	lines, status = ask(`{"verb":"restart","services":["web"],"await":true}`)
	want := []string{`{"text":"stopping web"}`, `{"outcomes":[{"service":"web","ok":true,"result":"up"}]}`}
	if status != 0 || strings.Join(lines, "\n") != strings.Join(want, "\n") {
		t.Errorf("restart: exit %d, %q", status, lines)
	}
	if !l.empty() {
		t.Error("something is left in the queues")
	}
	l.shutNow()
	if _, status := ask(`{"verb":"ping"}`); status != 3 {
		t.Errorf("exit %d when nobody is there", status)
	}
}
