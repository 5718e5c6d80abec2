package conformance

import (
	"bufio"
	"bytes"
	"cmp"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"

	"supervise/internal/testproc"
)

// cell is one way to run the suite.
type cell struct{ build, nucleus, place, arch string }

// The places that are no [place].
const (
	inContainer = "below runc"
	belowEngine = "below the Docker Engine"
)

// cells count what was tried in each of them. TestMain prints them with -v.
var cells = struct {
	sync.Mutex
	tried, failed map[cell]int
}{tried: map[cell]int{}, failed: map[cell]int{}}

// counted has a test count for a cell when it is over, unless it is skipped.
func counted(t *testing.T, build, where string, env ...string) {
	c := cell{build, "nucleus", where, *arch}
	if isOff() || slices.Contains(env, off) {
		c.nucleus = "off"
	}
	t.Cleanup(func() {
		if !t.Skipped() {
			c.add(1, t.Failed())
		}
	})
}

func (c cell) add(tried int, failed bool) {
	cells.Lock()
	defer cells.Unlock()
	cells.tried[c] += tried
	if failed {
		cells.failed[c] += tried
	}
}

// asPart is set where another run of the suite prints the cells, together with its own.
var asPart = flag.Bool("part", false, "print the cells for another run to read")

const cellPrefix = "cell: "

// printCells prints a line for each cell.
func printCells() {
	all := slices.SortedFunc(maps.Keys(cells.tried), func(a, b cell) int {
		return cmp.Or(cmp.Compare(a.arch, b.arch), cmp.Compare(a.build, b.build), cmp.Compare(a.nucleus, b.nucleus), cmp.Compare(a.place, b.place))
	})
	if *asPart {
		for _, c := range all {
			failed := cells.failed[c]
			fmt.Println(cellPrefix + strings.Join([]string{c.build, c.nucleus, c.place, c.arch, strconv.Itoa(cells.tried[c] - failed), strconv.Itoa(failed)}, "|"))
		}
		return
	}
	if !testing.Verbose() || len(all) == 0 {
		return
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "architecture\tbuild\tnucleus\tplace\tpassed\tfailed")
	for _, c := range all {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d\t%d\n", c.arch, c.build, c.nucleus, c.place, cells.tried[c]-cells.failed[c], cells.failed[c])
	}
	_ = w.Flush()
}

// again runs a part of the suite in another way, and adds its cells to ours.
func again(t *testing.T, env []string, args ...string) {
	t.Helper()
	cmd := exec.Command(os.Args[0], append(args, "-part", "-test.short="+strconv.FormatBool(testing.Short()))...)
	cmd.Env = append(os.Environ(), env...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	testproc.Start(t, cmd)
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v\n%s", err, out.String())
	}
	lines := bufio.NewScanner(&out)
	for lines.Scan() {
		text, ok := strings.CutPrefix(lines.Text(), cellPrefix)
		if fields := strings.Split(text, "|"); ok && len(fields) == 6 {
			c := cell{fields[0], fields[1], fields[2], fields[3]}
			for i, failed := range []bool{false, true} {
				n, _ := strconv.Atoi(fields[4+i])
				if n > 0 {
					c.add(n, failed)
				}
			}
		}
	}
}

// TestWithoutNucleus runs the rest of the suite once more without the nucleus. Containers have
// an environment of their own.
func TestWithoutNucleus(t *testing.T) {
	if isOff() || emulated() {
		t.Skip("that is what runs")
	}
	again(t, []string{off}, "-test.skip=^(TestEngine.*|TestContainer|TestScratch|TestOrphans|TestEmulated)$")
}

// TestEmulated runs the rows once more as another architecture's, below an emulator of programs,
// with the nucleus and without. Signals pass through it, but not all does: see beyond.
func TestEmulated(t *testing.T) {
	if testing.Short() {
		t.Skip("an emulator takes its time")
	}
	if emulated() || runtime.GOARCH != "amd64" {
		t.Skip("not on this machine")
	}
	if _, err := exec.LookPath(emulator); err != nil {
		t.Skip("there is no emulator: Debian's package is qemu-user-static")
	}
	for _, env := range [][]string{nil, {off}} {
		again(t, env, "-arch=arm64", "-test.run=^(TestInit|TestTini|TestDumbInit|TestCatatonit)$")
	}
}

// beyond tells why a row cannot be tried below an emulator, or is "". Only as PID 1 are there
// orphans, as the emulator knows no subreapers.
func (r row) beyond(where place) string {
	switch {
	case !emulated():
		return ""
	case where == plainly:
		return "the emulator knows no subreapers"
	case !r.confined.nothing():
		return "the emulator needs more than is left"
	}
	switch r.what {
	case "directory", "denied", "missing path":
		return "the emulator forks where we vfork, so that nobody is told why a command cannot be executed"
	case "faults handed on":
		return "the emulator takes them for faults of the program"
	case "--exit-by-signal as PID 1":
		return "the emulator itself waits for the end by a signal"
	}
	return ""
}
