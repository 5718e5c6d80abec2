package explain

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestMain is the child of Apart too, and in the role named by the environment the process
// that gives up what it does not need.
func TestMain(m *testing.M) {
	switch {
	case len(os.Args) > 2 && os.Args[1] == childCommand[0] && os.Args[2] == childCommand[1]:
		var o Options
		for _, arg := range os.Args[3:] {
			switch {
			case arg == "--all-modules":
				o.AllModules = true
			case arg == "--registers":
				o.Registers = true
			case strings.HasPrefix(arg, "--frames="):
				o.Frames, _ = strconv.Atoi(strings.TrimPrefix(arg, "--frames="))
			}
		}
		if err := Child(os.Stdin, os.Stdout, o); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	case os.Getenv("EXPLAIN_TEST_ROLE") == "confined":
		confined()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// confined gives up what is not needed, and prints what it can do even so.
func confined() {
	if err := Confine(0); err != nil {
		fmt.Println("Confine:", err)
		return
	}
	refused := func(what string, err error) {
		if !errors.Is(err, unix.EPERM) {
			fmt.Println(what, err)
		}
	}
	_, err := os.OpenFile(os.Args[0], os.O_WRONLY, 0)
	refused("open to write", err)
	_, err = os.OpenFile("/tmp/explain-test-new", os.O_RDONLY|os.O_CREATE, 0o600)
	refused("create", err)
	refused("remove", os.Remove(os.Args[0]))
	_, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	refused("socket", err)
	refused("kill", unix.Kill(unix.Getppid(), 0))
	refused("tgkill", unix.Tgkill(unix.Getppid(), unix.Getppid(), 0))
	refused("exec", unix.Exec("/bin/true", []string{"true"}, nil))
	refused("chown", unix.Chown(os.Args[0], 1, 1))
	refused("setuid", unix.Setresuid(0, 0, 0))
	_, err = unix.Mmap(-1, 0, 4096, unix.PROT_READ|unix.PROT_EXEC, unix.MAP_PRIVATE|unix.MAP_ANON)
	refused("executable memory", err)
	refused("process", exec.Command("/bin/true").Run())
	// What is needed works: many threads, a collection of garbage, timers, files.
	done := make(chan error)
	for range 20 {
		go func() {
			_, err := os.ReadFile("/proc/self/status")
			time.Sleep(time.Millisecond)
			done <- err
		}()
	}
	for range 20 {
		if err := <-done; err != nil {
			fmt.Println("read:", err)
		}
	}
	fmt.Println("done")
}

func TestConfine(t *testing.T) {
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = []string{"EXPLAIN_TEST_ROLE=confined"}
	out, err := cmd.CombinedOutput()
	if err != nil || string(out) != "done\n" {
		t.Errorf("%v\n%s", err, out)
	}
}
