package handlers_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"supervise/internal/testproc"
	"supervise/signals/handlers"
)

func TestMain(m *testing.M) { testproc.Main(m) }

// TestLook names functions of a program and of its library: with symbols, without, with those
// that were stripped off in a file of their own, and when both files were deleted.
func TestLook(t *testing.T) {
	library := []string{"gcc", "-shared", "-fPIC", "-o", "liblibrary.so", "DIR/library.c"}
	program := []string{"g++", "-g", "-rdynamic", "-o", "prog", "DIR/handlers.cc", "-L.", "-llibrary", "-Wl,-rpath,$ORIGIN"}
	tests := map[string]struct {
		commands [][]string
		deleted  bool
		want     []string // of what is exported, hidden, a method, in a library, in no file
	}{
		"with symbols": {[][]string{library, program}, false, []string{"exported", "hidden", "web::Server::handle", "in_library (liblibrary.so)"}},
		"deleted":      {[][]string{library, program}, true, []string{"exported", "hidden", "web::Server::handle", "in_library (liblibrary.so)"}},
		"stripped":     {[][]string{library, program, {"strip", "prog"}}, false, []string{"exported", "prog+0x", "web::Server::handle", "in_library (liblibrary.so)"}},
		"stripped, symbols beside it": {[][]string{
			library, program, {"objcopy", "--only-keep-debug", "prog", "prog.debug"}, {"strip", "prog"}, {"objcopy", "--add-gnu-debuglink=prog.debug", "prog"},
		}, false, []string{"exported", "hidden", "web::Server::handle", "in_library (liblibrary.so)"}},
		"fixed addresses": {[][]string{library, append(program, "-no-pie")}, false, []string{"exported", "hidden", "web::Server::handle"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if test.deleted && os.Geteuid() != 0 {
				t.Skip("needs root: map_files")
			}
			prog := testproc.Build(t, "testdata", test.commands)
			cmd := exec.Command(prog)
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			testproc.Start(t, cmd)
			at := make([]uint64, 5)
			if _, err := fmt.Fscanf(bufio.NewReader(out), "%x %x %x %x %x\n", &at[0], &at[1], &at[2], &at[3], &at[4]); err != nil {
				t.Fatal(err)
			}
			if test.deleted {
				for _, name := range []string{prog, filepath.Join(filepath.Dir(prog), "liblibrary.so")} {
					if err := os.Remove(name); err != nil {
						t.Fatal(err)
					}
				}
			}
			found, err := handlers.Look(cmd.Process.Pid, at)
			if err != nil {
				t.Fatal(err)
			}
			for i, want := range append(test.want, fmt.Sprintf("0x%x", at[4])) {
				if i == len(test.want) {
					i = 4
				}
				if got := found.At(at[i]).String(); got != want && (!strings.HasSuffix(want, "+0x") || !strings.HasPrefix(got, want)) {
					t.Errorf("%x is %s, want %s", at[i], got, want)
				}
			}
			if found.Go || !strings.Contains(strings.Join(found.Modules, " "), "/liblibrary.so") {
				t.Errorf("Go %v, modules %q", found.Go, found.Modules)
			}
		})
	}
}

// An address within a function is no handler of that name.
func TestWithin(t *testing.T) {
	self := uint64(reflect.ValueOf(handlers.Look).Pointer())
	found, err := handlers.Look(os.Getpid(), []uint64{self, self + 4, 8})
	if err != nil {
		t.Fatal(err)
	}
	for address, want := range map[uint64]string{self: "supervise/signals/handlers.Look", self + 4: "handlers.test+0x", 8: "0x8", 9: "0x9"} {
		if got := found.At(address).String(); !strings.HasPrefix(got, want) {
			t.Errorf("%x is %s, want %s", address, got, want)
		}
	}
	if !found.Go {
		t.Error("this is a Go program")
	}
}

func TestNotThere(t *testing.T) {
	if _, err := handlers.Look(1<<22, nil); err == nil {
		t.Error("no error for a process that is not there")
	}
}

func FuzzMaps(f *testing.F) {
	f.Add("55d0-55e0 r-xp 00001000 fd:01 123    /usr/sbin/a b (deleted)\n7f00-7f01 r-xp 0 00:00 0 \n7ffc-7ffd r-xp 0 00:00 0   [vdso]\n")
	if own, err := os.ReadFile("/proc/self/maps"); err == nil {
		f.Add(string(own))
	}
	f.Fuzz(func(t *testing.T, text string) { handlers.CheckMaps(t, text) })
}
