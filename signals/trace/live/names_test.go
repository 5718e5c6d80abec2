package live

import (
	"bufio"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"supervise/internal/testproc"
)

// TestNamesOfPrograms: a process that executes another program has other functions at the same
// addresses.
func TestNamesOfPrograms(t *testing.T) {
	compile := func(name string) string {
		return testproc.Build(t, "testdata", [][]string{{"gcc", "-O0", "-no-pie", "-DHANDLER=" + name, "-o", "prog", "DIR/image.c"}})
	}
	cmd := exec.Command(compile("first"), compile("other"))
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	testproc.Start(t, cmd)
	lines := bufio.NewReader(stdout)
	n := newNames()
	defer n.close()
	var addresses, names []string
	for range 2 {
		text, err := lines.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		address, err := strconv.ParseUint(strings.TrimSpace(text), 0, 64)
		if err != nil {
			t.Fatal(err)
		}
		n.executed(cmd.Process.Pid)
		addresses, names = append(addresses, text), append(names, n.symbol(cmd.Process.Pid, address))
		if _, err := io.WriteString(stdin, "\n"); err != nil {
			t.Fatal(err)
		}
	}
	if addresses[0] != addresses[1] {
		t.Skip("the compiler has put them elsewhere")
	}
	if names[0] != "first" || names[1] != "other" {
		t.Errorf("the functions are %q", names)
	}
	if n.ended(cmd.Process.Pid); n.known != 0 || len(n.symbols) != 0 {
		t.Errorf("%d names are kept of an ended process: %v", n.known, n.symbols)
	}
}
