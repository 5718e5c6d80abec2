//go:build linux && (amd64 || arm64)

package process

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"supervise/internal/sys"
)

// links returns where the descriptors of the child lead, by number.
func (e echo) links(t *testing.T) map[string]string {
	t.Helper()
	dir := "/proc/" + strconv.Itoa(e.PID) + "/fd/"
	names, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	links := map[string]string{}
	for _, name := range names {
		if links[name.Name()], err = os.Readlink(dir + name.Name()); err != nil {
			t.Fatal(err)
		}
	}
	return links
}

// open opens a file at a number of 100 or more, so that it lies above all places.
func open(t *testing.T, path string) int {
	t.Helper()
	low, err := syscall.Open(path, syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(low)
	high, _, errno := syscall.Syscall(syscall.SYS_FCNTL, uintptr(low), syscall.F_DUPFD_CLOEXEC, 100)
	if errno != 0 {
		t.Fatal(errno)
	}
	t.Cleanup(func() { syscall.Close(int(high)) })
	return int(high)
}

func TestFiles(t *testing.T) {
	eachClone(t, func(t *testing.T) {
		null, zero := open(t, "/dev/null"), open(t, "/dev/zero")
		files := []int{-1, -1, null, zero, null}
		for len(files) < 60 { // more than the list of steps has room for at first
			files = append(files, zero)
		}
		e := startEcho(t, Spec{Files: files})
		links := e.links(t)
		for place := 2; place < len(files); place++ {
			want := "/dev/zero"
			if place == 2 || place == 4 {
				want = "/dev/null"
			}
			if got := links[strconv.Itoa(place)]; got != want {
				t.Errorf("descriptor %d is %s, want %s", place, got, want)
			}
		}
		if len(links) != len(files) {
			t.Errorf("the child has %d descriptors, want %d: %v", len(links), len(files), links)
		}
	})
}

// TestFilesKept passes on descriptors at their own place, and leaves others alone.
func TestFilesKept(t *testing.T) {
	eachClone(t, func(t *testing.T) {
		const place = 40 // nothing of the tests' own lies there
		zero := open(t, "/dev/zero")
		if err := syscall.Dup3(zero, place, syscall.O_CLOEXEC); err != nil {
			t.Fatal(err)
		}
		defer syscall.Close(place)
		files := slices.Repeat([]int{-1}, place+1)
		files[2], files[place] = 2, place
		e := startEcho(t, Spec{Files: files})
		links := e.links(t)
		own, err := os.Readlink("/proc/self/fd/2")
		if err != nil {
			t.Fatal(err)
		}
		if links["2"] != own || links["40"] != "/dev/zero" || len(links) != 4 {
			t.Errorf("the child has %v, want %s at 2, /dev/zero at 40", links, own)
		}
		// It is open in the child, and still close-on-exec here.
		flags, _, errno := syscall.Syscall(syscall.SYS_FCNTL, place, syscall.F_GETFD, 0)
		if errno != 0 || flags&syscall.FD_CLOEXEC == 0 {
			t.Errorf("the flags of our own descriptor are %#x, %v", flags, errno)
		}
		// What is left alone is there if it is not close-on-exec.
		e = startEcho(t, Spec{Files: []int{-1, -1, -1}})
		if links := e.links(t); links["2"] != own || len(links) != 3 {
			t.Errorf("the child has %v, want %s at 2", links, own)
		}
	})
}

func TestFilesInTheWay(t *testing.T) {
	high := open(t, "/dev/null")
	tests := []struct {
		files []int
		ok    bool
	}{
		{[]int{1, 0}, false},
		{[]int{high, 0}, false},
		{[]int{high, high, 1}, false},
		{[]int{0, 1, 0}, true},
		{[]int{1, 1}, true},
		{[]int{-1, 0}, true},
		{[]int{2, high, 2}, true},
		{[]int{2, 2, high}, true},
	}
	for _, test := range tests {
		spec := sleeper()
		spec.Files = test.files
		if err := new(plan).prepare(&spec, clone3Into, -1); (err == nil) != test.ok {
			t.Errorf("files %v: %v", test.files, err)
		}
	}
	spec := sleeper()
	spec.Files = []int{1, 0}
	_, err := Start(&spec)
	if want := "descriptor 0 is replaced before it can become 1: invalid argument"; err == nil || err.Error() != want {
		t.Errorf("swapped: %v, want %s", err, want)
	}
}

// TestNoLeak starts a thousand children, of which every third fails, and looks for
// anything left: descriptors, children.
func TestNoLeak(t *testing.T) {
	eachClone(t, func(t *testing.T) {
		before := descriptors(t)
		const starts = 1000
		for i := range starts {
			spec := Spec{Path: "/bin/true", Argv: []string{"true"}, Files: []int{0, 1, 2}}
			switch i % 6 {
			case 0:
				spec.Path = "/nonexistent"
			case 3:
				spec.Limits = []Limit{{Resource: syscall.RLIMIT_CORE, Soft: 1, Hard: 0}}
			}
			child, err := Start(&spec)
			if failed := i%3 == 0; failed != (err != nil) {
				t.Fatalf("start %d: %v", i, err)
			}
			if err != nil {
				if child.PIDFD != -1 || child.PID != 0 {
					t.Fatalf("start %d failed and gave %+v", i, child)
				}
				continue
			}
			if err := sys.KillPIDFD(child.PIDFD, 0); err != nil {
				t.Fatalf("start %d: the pidfd: %v", i, err)
			}
			if status := wait(t, child, 0); status.ExitStatus() != 0 {
				t.Fatalf("start %d: status %x", i, status)
			}
			if err := sys.KillPIDFD(child.PIDFD, 0); err != syscall.ESRCH {
				t.Fatalf("start %d: the pidfd after the end: %v", i, err)
			}
			if err := syscall.Close(child.PIDFD); err != nil {
				t.Fatal(err)
			}
		}
		if after := descriptors(t); after != before {
			t.Errorf("%d descriptors before, %d after", before, after)
		}
		childless(t)
	})
}

func TestPIDFD(t *testing.T) {
	eachClone(t, func(t *testing.T) {
		spec := sleeper()
		child := start(t, &spec)
		flags, _, errno := syscall.Syscall(syscall.SYS_FCNTL, uintptr(child.PIDFD), syscall.F_GETFD, 0)
		if errno != 0 || flags&syscall.FD_CLOEXEC == 0 {
			t.Errorf("the flags of the pidfd are %#x, %v", flags, errno)
		}
		info, err := os.ReadFile("/proc/self/fdinfo/" + strconv.Itoa(child.PIDFD))
		if want := "Pid:\t" + strconv.Itoa(child.PID) + "\n"; err != nil || !strings.Contains(string(info), want) {
			t.Errorf("the pidfd is of another process: %v\n%s", err, info)
		}
	})
}

func TestNoPIDFD(t *testing.T) {
	eachClone(t, func(t *testing.T) {
		before := descriptors(t)
		spec := sleeper()
		spec.NoPIDFD = true
		child, err := Start(&spec)
		if err != nil {
			t.Fatal(err)
		}
		defer wait(t, child, 0)
		defer syscall.Kill(child.PID, syscall.SIGKILL)
		if after := descriptors(t); child.PIDFD != -1 || after != before {
			t.Errorf("the pidfd is %d, and %d descriptors are open that were not", child.PIDFD, after-before)
		}
	})
}

// TestOnlyFiles has descriptors of all kinds that the child must not get, among them such
// as are not close-on-exec, and must keep here.
func TestOnlyFiles(t *testing.T) {
	eachClone(t, func(t *testing.T) {
		zero := open(t, "/dev/zero")
		for _, place := range []int{30, 31, 700} {
			if err := syscall.Dup3(zero, place, 0); err != nil {
				t.Fatal(err)
			}
			defer syscall.Close(place)
		}
		before := descriptors(t)
		for _, files := range [][]int{{-1, -1, -1}, {0, -1, 2}, {zero, -1, -1, 30}, {31, -1, -1, 700, 30}, {-1, -1, -1, zero, 31, 30, 700}} {
			e := startEcho(t, Spec{Files: files, OnlyFiles: true})
			if links := e.links(t); len(links) != len(files) {
				t.Errorf("with %v the child has %v", files, links)
			}
		}
		if after := descriptors(t); after < before {
			t.Errorf("%d of our descriptors are closed", before-after)
		}
	})
}

// TestWithoutCloseRange starts a child as where close_range is refused: others may stay,
// but those of the child are right.
func TestWithoutCloseRange(t *testing.T) {
	defer sys.FeatureCloseRange.SetAvailable(true)
	if !isRefused(&StartError{Step: stepUnshare, Errno: syscall.ENOSYS}, stepUnshare) {
		t.Error("a kernel without close_range is not recognised")
	}
	sys.FeatureCloseRange.SetAvailable(false)
	e := startEcho(t, Spec{Files: []int{-1, -1, -1, open(t, "/dev/zero")}, OnlyFiles: true})
	if links := e.links(t); links["3"] != "/dev/zero" || len(links) != 4 {
		t.Errorf("the child has %v", links)
	}
}
