package explain

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

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

// TestNumbers compares the numbers of system calls that package syscall lacks.
func TestNumbers(t *testing.T) {
	if auditMachine == 0 {
		t.Skip("there is no filter")
	}
	for i, pair := range [][2]int{
		{sysSeccomp, unix.SYS_SECCOMP},
		{sysGetrandom, unix.SYS_GETRANDOM},
		{sysMembarrier, unix.SYS_MEMBARRIER},
		{sysRseq, unix.SYS_RSEQ},
		{sysClone3, unix.SYS_CLONE3},
		{setFilter, unix.SECCOMP_SET_MODE_FILTER},
		{allThreads, unix.SECCOMP_FILTER_FLAG_TSYNC},
		{allowSpeculation, unix.SECCOMP_FILTER_FLAG_SPEC_ALLOW},
		{retKill, unix.SECCOMP_RET_KILL_PROCESS},
		{retErrno, unix.SECCOMP_RET_ERRNO},
		{retAllow, unix.SECCOMP_RET_ALLOW},
		{noNewPrivileges, unix.PR_SET_NO_NEW_PRIVS},
		{oPath, unix.O_PATH},
	} {
		if pair[0] != pair[1] {
			t.Errorf("number %d is %#x, want %#x", i, pair[0], pair[1])
		}
	}
}
