package unwind

import (
	"cmp"
	"context"
	"debug/elf"
	"os/exec"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"supervise/internal/testproc"
)

// crashBelowQEMU runs a static program for arm64 until it crashes, and returns the core that
// QEMU makes of it, and what was printed.
func crashBelowQEMU(t *testing.T, program, how string) (*core, string) {
	t.Helper()
	dir := t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	// The emulator ends by the signal too; the core that the kernel makes of it has no memory.
	cmd := exec.CommandContext(ctx, "sh", "-c", `echo 0 >/proc/self/coredump_filter; ulimit -S -c unlimited; exec qemu-aarch64-static "$0" "$1"`, program, how)
	cmd.Dir = dir
	out, _ := cmd.CombinedOutput()
	paths, _ := filepath.Glob(filepath.Join(dir, "qemu_*.core"))
	if len(paths) != 1 {
		t.Fatalf("QEMU has made no core:\n%s", out)
	}
	return openCore(t, paths[0], program), string(out)
}

// functionsOf returns the functions of a program's symbols, in the order of their addresses.
func functionsOf(t *testing.T, program string) []elf.Symbol {
	t.Helper()
	file, err := elf.Open(program)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	symbols, err := file.Symbols()
	if err != nil {
		t.Fatal(err)
	}
	symbols = slices.DeleteFunc(symbols, func(s elf.Symbol) bool { return elf.ST_TYPE(s.Info) != elf.STT_FUNC })
	slices.SortFunc(symbols, func(a, b elf.Symbol) int { return cmp.Compare(a.Value, b.Value) })
	return symbols
}

// at returns the function at an address, nil if there is none.
func at(symbols []elf.Symbol, pc uint64) *elf.Symbol {
	i := sort.Search(len(symbols), func(i int) bool { return symbols[i].Value > pc }) - 1
	if i < 0 || pc >= symbols[i].Value+symbols[i].Size {
		return nil
	}
	return &symbols[i]
}

// namesOf returns the names of the functions that the frames are in, up to main.
func namesOf(symbols []elf.Symbol, frames []Frame) string {
	var names []string
	for i := range frames {
		name := "?"
		if frames[i].Signal {
			name = "signal"
		} else if s := at(symbols, frames[i].Lookup()); s != nil {
			name, _, _ = strings.Cut(s.Name, ".")
		}
		names = append(names, name)
		if name == "main" {
			break
		}
	}
	return strings.Join(names, " ")
}

func TestARM64(t *testing.T) {
	needs(t, "aarch64-linux-gnu-gcc", "qemu-aarch64-static")
	testproc.NoCorePattern(t)
	for _, test := range []struct{ name, flags string }{
		{"O0", "-O0"},
		{"O2", "-O2"},
		{"no frame pointers", "-O2 -fomit-frame-pointer"},
		{"signed return addresses", "-O2 -mbranch-protection=standard -march=armv8.3-a"},
		{"no tables", "-O0 -fno-asynchronous-unwind-tables -fno-unwind-tables"},
	} {
		t.Run(test.name, func(t *testing.T) {
			program := compile(t, "aarch64-linux-gnu-gcc", "crash.c", append(strings.Fields(test.flags), "-static", "-pthread")...)
			symbols := functionsOf(t, program)
			for how, want := range map[string]string{
				"deep":     "leaf deep deep deep deep deep deep main",
				"alloca":   "leaf variable main",
				"noreturn": "__pthread_kill_implementation raise abort die endsInCall unusual main",
				"handler":  "leaf handler signal __pthread_kill_implementation raise interrupted main",
				"twice":    "__pthread_kill_implementation raise abort aborting signal leaf handler signal __pthread_kill_implementation raise interrupted twice main",
				"null":     "? call main",
				"wild":     "? call main",
				"strlen":   "__strlen_mte inLibrary main",
			} {
				t.Run(how, func(t *testing.T) {
					c, _ := crashBelowQEMU(t, program, how)
					c.moduleOf(program).Function = func(pc uint64) (begin, end uint64, ok bool) {
						if s := at(symbols, pc); s != nil {
							return s.Value, s.Value + s.Size, true
						}
						return 0, 0, false
					}
					frames, err := Stack(c, c.threads[0], 100)
					if got := namesOf(symbols, frames); got != want {
						t.Errorf("got  %s (%v)\nwant %s", got, err, want)
					}
				})
			}
		})
	}
}
