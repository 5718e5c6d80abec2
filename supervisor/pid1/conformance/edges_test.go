package conformance

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"supervise/internal/sys"
	"supervise/internal/testproc"
	"supervise/signals"
)

// TestExecutable tries files that are no ordinary programs: what execvp(3) makes of them,
// and what we add to the message.
func TestExecutable(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return file
	}
	bare := write("bare", "exit $1\n", 0o755)
	lost := write("lost", "#!/no/such/interpreter -x\nexit 1\n", 0o755)
	text := write("text", "exit 1\n", 0o644)
	empty := write("empty", "", 0o755)
	other := write("other", "\x7fELF of a machine that there is not\n", 0o755)
	unknown := map[string]int{own: 126, tini: 1, dumbInit: 2, catatonit: 1}
	var rows []row
	for name, statuses := range map[string][2]int{own: {127, 126}, tini: {127, 126}, dumbInit: {2, 2}, catatonit: {1, 1}} {
		rows = append(rows, []row{
			{what: name + " script without #!", name: name, args: []string{"--"}, command: []string{bare, "9"}, status: 9, real: true},
			{what: name + " script without its interpreter", name: name, args: []string{"--"}, command: []string{lost}, status: statuses[0], real: true},
			{what: name + " says which interpreter", name: name, args: []string{"--"}, command: []string{lost}, status: statuses[0], stderr: "/no/such/interpreter"},
			{what: name + " empty file", name: name, args: []string{"--"}, command: []string{empty}, status: 0, real: true},
			{what: name + " another machine's program", name: name, args: []string{"--"}, command: []string{other}, status: unknown[name], stderr: "another kind of machine"},
			{what: name + " text file", name: name, args: []string{"--"}, command: []string{text}, status: statuses[1], real: true},
		}...)
	}
	run(t, rows)
}

// TestInherited has the command find the mask and the ignored signals that init was given,
// SIGCHLD among them, and init reap all the same.
func TestInherited(t *testing.T) {
	mask := signals.SetOf(signals.SIGUSR1, signals.SIGTERM, 40)
	ignored := signals.SetOf(signals.SIGHUP, signals.SIGPIPE, signals.SIGCHLD, signals.SIGTTOU, 34, 50)
	for _, name := range []string{own, tini, dumbInit, catatonit} {
		each(t, name, false, func(t *testing.T, p program) {
			cmd := testproc.Inheriting(t, mask, ignored, "", p.file, "--", "cat", "/proc/self/status")
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			testproc.Start(t, cmd)
			text, _ := io.ReadAll(out)
			if err := cmd.Wait(); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			state, err := sys.ParseSignalState(string(text))
			if err != nil || state.Blocked != mask || state.Ignored != ignored {
				t.Errorf("%s: blocked %v, ignored %v, %v; want %v, %v", name, state.Blocked, state.Ignored, err, mask, ignored)
			}
		})
	}
}

// TestClosed starts init without standard descriptors.
func TestClosed(t *testing.T) {
	for _, name := range []string{own, tini, dumbInit, catatonit} {
		each(t, name, false, func(t *testing.T, p program) {
			for _, closed := range []string{"<&-", ">&-", "2>&-", "<&- >&- 2>&-"} {
				cmd := exec.CommandContext(t.Context(), "sh", "-c", `exec "$0" -- sh -c 'exit 7' `+closed, p.file)
				_ = cmd.Run()
				if status := cmd.ProcessState.ExitCode(); status != 7 {
					t.Errorf("%s with %s: status %d", name, closed, status)
				}
			}
		})
	}
}

// TestDescriptors looks at what the command and init have open: the command everything that
// init was given, init nothing of that but standard input, output and error.
func TestDescriptors(t *testing.T) {
	const more = `exec 7</dev/null 9>/dev/null; exec "$@"`
	list := func(t *testing.T, argv ...string) string {
		t.Helper()
		out, err := exec.CommandContext(t.Context(), "sh", append([]string{"-c", more, "x"}, argv...)...).Output()
		if err != nil {
			t.Fatalf("%q: %v", argv, err)
		}
		return string(out)
	}
	ls := []string{"ls", "/proc/self/fd"}
	want := list(t, ls...)
	for _, name := range []string{own, tini, dumbInit, catatonit} {
		each(t, name, true, func(t *testing.T, p program) {
			if got := list(t, append([]string{p.file, "--"}, ls...)...); got != want {
				t.Errorf("%s: the command has %q, want %q", name, got, want)
			}
			if p.build == "real" && name != catatonit {
				return
			}
			i := launch(t, nil, "sh", "-c", more, "x", p.file, "--", "sh", "-c", asleep)
			i.await(t, "ready")
			awaitClosed(t, i.cmd.Process.Pid)
			i.send(t, plainly, term)
			i.status(t)
		})
	}
}

// awaitClosed waits until init has closed what is not its own, which it does while the
// command runs already.
func awaitClosed(t *testing.T, pid int) {
	t.Helper()
	var open []string
	for range 2000 {
		open = open[:0]
		entries, _ := os.ReadDir("/proc/" + strconv.Itoa(pid) + "/fd")
		for _, entry := range entries {
			target, _ := os.Readlink("/proc/" + strconv.Itoa(pid) + "/fd/" + entry.Name())
			if fd, _ := strconv.Atoi(entry.Name()); fd > 2 && !strings.Contains(target, "pidfd") && !strings.Contains(target, "signalfd") {
				open = append(open, target)
			}
		}
		if len(open) == 0 {
			return
		}
		syscall.Nanosleep(&syscall.Timespec{Nsec: 1e6}, nil) // nothing tells
	}
	t.Errorf("init keeps %q", open)
}

// TestListen hands init the variables of socket activation.
func TestListen(t *testing.T) {
	for _, name := range []string{own, tini, dumbInit, catatonit} {
		each(t, name, name == catatonit, func(t *testing.T, p program) {
			i := launch(t, []string{"NOTIFY_SOCKET=/run/x"}, "sh", "-c", `LISTEN_FDS=2 LISTEN_PID=$$ LISTEN_PIDFDID=5 WATCHDOG_PID=$$ SYSTEMD_EXEC_PID=$$ exec "$0" -- sh -c '[ "$LISTEN_PID $WATCHDOG_PID $SYSTEMD_EXEC_PID" = "$$ $$ $$" ] && echo mine; echo $LISTEN_FDS $NOTIFY_SOCKET $LISTEN_PIDFDID'`, p.file)
			if status := i.status(t); status != 0 || !slices.Equal(i.rest, []string{"mine", "2 /run/x"}) && p.build != "real" {
				t.Errorf("%s: status %d, %q", name, status, i.rest)
			}
		})
	}
}

// TestParentDeath ends init's parent, a shell.
func TestParentDeath(t *testing.T) {
	for name, flag := range map[string]string{own: "--parent-death-signal=SIGUSR1", tini: "-pSIGUSR1"} {
		each(t, name, true, func(t *testing.T, p program) {
			command := script(t, `trap "echo told; exit" USR1; echo ready; `+lines)
			i := launch(t, nil, "sh", "-c", `exec 3<&0; "$@" <&3 & wait`, "x", p.file, flag, "--", command)
			i.await(t, "ready")
			i.send(t, plainly, syscall.SIGKILL) // the shell
			i.status(t)
			if !slices.Contains(i.rest, "told") {
				t.Errorf("%s: %q\n%s", name, i.rest, i.errors())
			}
		})
	}
}

// TestZombies reports a process that does not wait for its children.
func TestZombies(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes six seconds")
	}
	t.Parallel()
	each(t, own, false, func(t *testing.T, p program) {
		t.Parallel()
		// sh becomes a sleep that knows nothing of the children that sh had; the orphan that
		// ends later has init look.
		i := launch(t, nil, p.file, "--log-format=text", "--warn-reaped", "--", "sh", "-c", `trap : USR1; echo ready; read x; (sleep 0.3 & :); : & : & exec sleep 7`)
		i.await(t, "ready")
		if _, err := i.quiet.WriteString("\n"); err != nil {
			t.Fatal(err)
		}
		i.status(t)
		if !strings.Contains(i.errors(), "zombies accumulate") || !strings.Contains(i.errors(), `name="sleep" zombies=2`) {
			t.Errorf("it says %q", i.errors())
		}
	})
}
