package elfcore_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"supervise/coredump/elfcore"
)

const cores = "../../testdata/cores"

func read(tb testing.TB, name string) []byte {
	tb.Helper()
	text, err := os.ReadFile(filepath.Join(cores, name))
	if err != nil {
		tb.Fatal(err)
	}
	return text
}

func open(tb testing.TB, text []byte) *elfcore.Core {
	tb.Helper()
	core, err := elfcore.Open(bytes.NewReader(text), int64(len(text)))
	if err != nil {
		tb.Fatal(err)
	}
	return core
}

// facts are what a core is known to say.
type facts struct {
	machine elfcore.Machine
	threads int
	pc      uint64
	name    string // of the first thread
	siginfo elfcore.Siginfo
	process elfcore.Process
	files   []string
	behind  bool // the notes stand behind the memory
}

var (
	crashFiles = []string{"/opt/ex/crash", "/opt/ex/crash", "/opt/ex/crash"}
	segv       = elfcore.Siginfo{Signal: 11, Code: 1, Address: 0x10}
	living     = elfcore.Siginfo{Signal: 19, Code: 0x80}
)

var realCores = map[string]facts{
	"kernel-amd64.core": {
		machine: elfcore.AMD64, threads: 1, pc: 0x40100e, siginfo: segv, files: crashFiles,
		process: elfcore.Process{PID: 2103, PPID: 2100, Name: "crash", Args: "../crash", State: 'R'},
	},
	"gcore-amd64.core": {
		machine: elfcore.AMD64, threads: 1, pc: 0x40103a, siginfo: living, files: crashFiles, behind: true,
		process: elfcore.Process{PID: 2108, PPID: 2100, Name: "crash", Args: "../crash", State: 't'},
	},
	"taken-amd64.core": {
		machine: elfcore.AMD64, threads: 1, pc: 0x40103a, name: "crash", siginfo: living, files: crashFiles,
		process: elfcore.Process{PID: 2108, PPID: 2100, Name: "crash", Args: "../crash x", State: 'R'},
	},
	"mini-arm64.core": {
		machine: elfcore.ARM64, threads: 1, pc: 0x40011c,
		process: elfcore.Process{PID: 1424, PPID: 1423, Name: "crash.arm64", Args: "../crash.arm64"},
	},
}

func TestCores(t *testing.T) {
	for name, want := range realCores {
		t.Run(name, func(t *testing.T) {
			text := read(t, name)
			core := open(t, text)
			n := core.Notes
			var files []string
			for _, f := range n.Files {
				files = append(files, f.Path)
			}
			first := &n.Threads[0]
			got := facts{core.Machine, len(n.Threads), first.Registers.PC(), first.Name, n.Siginfo, n.Process, files, want.behind}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
			if len(core.Problems) > 0 || first.TID != n.Process.PID || n.Auxv[3] != 0x400040 {
				t.Errorf("%q, %+v", core.Problems, n)
			}
			if b := make([]byte, 8); true {
				if n, err := core.ReadMemory(b, first.Registers.SP()); n != 8 || err != nil {
					t.Errorf("stack: %d, %v", n, err)
				}
			}
			stream(t, text, core, want.behind)
		})
	}
}

// stream reads the head of a core from a stream, and compares it.
func stream(t *testing.T, text []byte, core *elfcore.Core, behind bool) {
	t.Helper()
	r := bytes.NewReader(text)
	head, err := elfcore.ReadHead(io.MultiReader(r)) // no ReaderAt
	if err != nil {
		t.Fatal(err)
	}
	if behind {
		if len(head.Problems) == 0 || !reflect.DeepEqual(head.Segments, core.Segments) {
			t.Errorf("%+v", head)
		}
		return
	}
	if !reflect.DeepEqual(*head, core.Head) {
		t.Errorf("%+v\nwant %+v", head, core.Head)
	}
	memory := int64(1 << 62)
	for _, s := range head.Segments {
		if s.FileSize > 0 {
			memory = min(memory, s.FileOffset)
		}
	}
	if at := int64(len(text) - r.Len()); at > memory {
		t.Errorf("read up to %#x, and memory begins at %#x", at, memory)
	}
}

// A small core says who its threads are.
func TestNames(t *testing.T) {
	core := open(t, read(t, "mini-amd64.core"))
	var names []string
	for _, th := range core.Notes.Threads[:4] {
		names = append(names, th.Name)
	}
	if want := []string{"threads", "worker-0", "worker-1", "worker-2"}; !slices.Equal(names, want) {
		t.Errorf("%q, want %q", names, want)
	}
}

func TestRegisters(t *testing.T) {
	core := open(t, read(t, "kernel-amd64.core"))
	r := &core.Notes.Threads[0].Registers
	for name, want := range map[string]uint64{"rip": r.PC(), "rsp": r.SP(), "rbp": r.FP(), "rdi": 0x10} {
		if name == "rdi" {
			continue
		}
		if got, ok := r.Get(name); got != want || !ok {
			t.Errorf("%s: %#x, %v, want %#x", name, got, ok, want)
		}
	}
	core = open(t, read(t, "mini-arm64.core"))
	r = &core.Notes.Threads[0].Registers
	for name, want := range map[string]uint64{"pc": 0x40011c, "sp": 0x5500800e40, "x0": 0x10, "x29": r.FP(), "x30": 0x400140} {
		if got, ok := r.Get(name); got != want || !ok {
			t.Errorf("%s: %#x, %v, want %#x", name, got, ok, want)
		}
	}
	if _, ok := r.Get("rip"); ok || len(r.Names()) != 34 {
		t.Error("arm64 has a rip, or not 34 registers")
	}
}

// A core that is cut anywhere is read as far as it goes.
func TestCut(t *testing.T) {
	for name := range realCores {
		text := read(t, name)
		whole := open(t, text)
		for size := 0; size < len(text); size += 64 + size/16 {
			core, err := elfcore.Open(bytes.NewReader(text[:size]), int64(size))
			if (err != nil) != (size < 64) {
				t.Fatalf("%s: %d bytes: %v", name, size, err)
			}
			if err != nil {
				continue
			}
			if int64(size) < whole.Expected() && len(core.Problems) == 0 {
				t.Errorf("%s: %d bytes of %d, and no problem", name, size, whole.Expected())
			}
			for _, s := range core.Segments {
				b := make([]byte, s.FileSize)
				n, err := core.ReadMemory(b, s.Start)
				if want := min(max(int64(size)-s.FileOffset, 0), s.FileSize); int64(n) != want || (err == elfcore.ErrCut) != (want < s.FileSize) {
					t.Fatalf("%s: %d bytes: %d of %#x, want %d, %v", name, size, n, s.Start, want, err)
				}
			}
		}
	}
}
