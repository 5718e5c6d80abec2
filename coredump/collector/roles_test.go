package collector

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"supervise/internal/sys"
	"supervise/internal/testproc"
	"supervise/signals"
)

func init() { testproc.Role("eat", eat) }

// eat keeps as many MB of memory as its first argument says, does what the others say, prints
// "ready", waits for a line, and ends itself by SIGSEGV:
//
//	listen   listens on a TCP port of 127.0.0.1, which it prints before
//	mptcp    likewise, by MPTCP if the kernel has it
//	uid=N    becomes that user, which the kernel makes undumpable
//	dump     makes itself dumpable again
//	root     becomes root by its saved ids, all of them
func eat(args []string) int {
	mb, _ := strconv.Atoi(args[0])
	if mb > 0 {
		memory, err := unix.Mmap(-1, 0, mb<<20, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
		if err != nil {
			fmt.Println(err)
			return 1
		}
		for i := 0; i < len(memory); i += 4096 {
			memory[i] = byte(i>>12) | 1
		}
	}
	for _, what := range args[1:] {
		if err := prepare(what); err != nil {
			fmt.Println(what, err)
			return 1
		}
	}
	fmt.Println("ready")
	_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
	_ = sys.SetDefault(signals.SIGSEGV)
	_ = unix.Kill(os.Getpid(), unix.SIGSEGV)
	select {}
}

var listener net.Listener

func prepare(what string) (err error) {
	switch what {
	case "listen", "mptcp":
		var config net.ListenConfig
		config.SetMultipathTCP(what == "mptcp")
		if listener, err = config.Listen(context.Background(), "tcp", "127.0.0.1:0"); err == nil {
			fmt.Println(listener.Addr().(*net.TCPAddr).Port)
		}
	case "dump":
		err = unix.Prctl(unix.PR_SET_DUMPABLE, 1, 0, 0, 0)
	case "root":
		err = unix.Setresuid(0, 0, 0)
	default:
		var uid int
		if _, err = fmt.Sscanf(what, "uid=%d", &uid); err == nil {
			err = unix.Setresuid(uid, uid, uid)
		}
	}
	return err
}

// eater is a process in the role.
type eater struct {
	*exec.Cmd
	pid  int
	port string // that it listens on
	in   io.WriteCloser
}

func startEater(t testing.TB, change func(*exec.Cmd), args ...string) *eater {
	t.Helper()
	cmd := testproc.Command(t, "eat", args...)
	if change != nil {
		change(cmd)
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	testproc.Start(t, cmd)
	e := &eater{Cmd: cmd, pid: cmd.Process.Pid, in: in}
	lines := bufio.NewReader(out)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatalf("it ends before it is ready: %v %q", err, line)
		}
		if line = strings.TrimSpace(line); line == "ready" {
			return e
		}
		if _, err := strconv.Atoi(line); err != nil {
			t.Fatal(line)
		}
		e.port = line
	}
}

// crash has it end itself.
func (e *eater) crash() { _, _ = e.in.Write([]byte("\n")) }
