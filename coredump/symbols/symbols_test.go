package symbols

import (
	"bytes"
	"debug/elf"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
)

func openFile(tb testing.TB, path string) *File {
	tb.Helper()
	r, err := os.Open(path)
	if err != nil {
		tb.Fatal(err)
	}
	f, err := Open(r)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(f.Close)
	return f
}

// compile makes a library of C with symbols of every kind.
func compile(t testing.TB, flags ...string) string {
	t.Helper()
	if _, err := exec.LookPath("gcc"); err != nil {
		t.Skip("needs gcc")
	}
	dir := t.TempDir()
	source := filepath.Join(dir, "library.c")
	if err := os.WriteFile(source, []byte(library), 0o600); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "library.so")
	if out, err := exec.Command("gcc", append(flags, "-shared", "-fPIC", "-O1", "-o", path, source)...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}

const library = `
__attribute__((noinline)) static int hidden(int n) { return n * 3; }
int __GI_exported(int n) { return hidden(n) + 1; }
int exported(int n) __attribute__((alias("__GI_exported")));
int _other(int n) __attribute__((alias("__GI_exported")));
int after(int n) { return n - 1; }
__asm__(".text\n.globl label\nlabel: nop\nnop\nnop\nret\n.globl last\n.type last, @function\n.size last, 2\nlast: nop\nret\nint3\nint3\nint3\nint3\n");
int data = 7;
`

// TestFunctions looks for each byte of every function of a library.
func TestFunctions(t *testing.T) {
	path := compile(t)
	f := openFile(t, path)
	r, err := elf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	all, err := r.Symbols()
	if err != nil {
		t.Fatal(err)
	}
	var addresses []uint64
	want := map[uint64]string{}
	for _, s := range all {
		names := map[string]string{"hidden": "hidden", "exported": "exported", "after": "after", "last": "last", "label": "label"}
		if names[s.Name] == "" {
			continue
		}
		size := s.Size
		if s.Name == "label" {
			size = 4
		}
		for a := s.Value; a < s.Value+size; a++ {
			addresses = append(addresses, a)
			want[a] = s.Name
		}
		if s.Name == "last" {
			addresses = append(addresses, s.Value+3) // behind its end
		}
	}
	if len(addresses) < 20 {
		t.Fatalf("only %d addresses", len(addresses))
	}
	search := NewSearch(addresses)
	search.In(f)
	for _, a := range addresses {
		got, _ := search.At(a)
		if got.Name != want[a] {
			t.Errorf("at %#x: %q, want %q", a, got.Name, want[a])
		}
		// Alone, an address has the same function.
		alone := NewSearch([]uint64{a})
		alone.In(f)
		if again, _ := alone.At(a); again != got {
			t.Errorf("at %#x: %+v, alone %+v", a, got, again)
		}
	}
}

// TestSectionsAsDebugELF compares with Go's own reader of ELF files, for a compressed section
// too.
func TestSectionsAsDebugELF(t *testing.T) {
	for _, flags := range [][]string{nil, {"-g", "-gz=none"}, {"-g", "-gz=zlib"}} {
		path := compile(t, flags...)
		f := openFile(t, path)
		r, err := elf.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		for _, s := range r.Sections[1:] {
			if s.Type == elf.SHT_NOBITS {
				continue
			}
			want, err := s.Data()
			if err != nil {
				t.Fatal(err)
			}
			if addr, got := f.Section(s.Name); addr != s.Addr || !bytes.Equal(got, want) {
				t.Errorf("%v: section %s: %d bytes at %#x, want %d at %#x", flags, s.Name, len(got), addr, len(want), s.Addr)
			}
		}
	}
}

func TestBuildID(t *testing.T) {
	if got := hex.EncodeToString(openFile(t, compile(t, "-Wl,--build-id=0xc0ffee")).BuildID()); got != "c0ffee" {
		t.Errorf("build id %q", got)
	}
	f := openFile(t, compile(t, "-Wl,--build-id=0xc0ffee", "-Wl,-z,separate-code"))
	want := "/usr/lib/debug/.build-id/c0/ffee.debug"
	if got := f.DebugPaths("/usr/lib/x.so"); len(got) != 1 || got[0] != want {
		t.Errorf("%q, want %s", got, want)
	}
}

// TestGoTables finds this very function in the test binary, and every other of its callers.
func TestGoTables(t *testing.T) {
	f := openFile(t, "/proc/self/exe")
	if !f.IsGo() {
		t.Fatal("it is not in Go")
	}
	pcs := make([]uintptr, 20)
	pcs = pcs[:runtime.Callers(1, pcs)]
	bias := uint64(0)
	if !f.Executable {
		t.Skip("where it is in memory is not known")
	}
	for _, pc := range pcs {
		function := runtime.FuncForPC(pc - 1)
		search := NewSearch([]uint64{uint64(pc-1) - bias})
		search.In(f)
		got, ok := search.At(uint64(pc-1) - bias)
		if !ok || got.Name != function.Name() || got.Addr != uint64(function.Entry())-bias {
			t.Errorf("%+v, want %s at %#x", got, function.Name(), function.Entry())
		}
		file, _ := function.FileLine(pc - 1)
		if name, _, _ := strings.Cut(filepath.Base(got.Source), ":"); name != filepath.Base(file) {
			t.Errorf("%s is in %s, not in %s", got.Name, file, got.Source)
		}
		frame, ok := f.GoFrame(uint64(pc-1) - bias)
		if !ok || frame.Size > 1<<16 || frame.Top != (function.Name() == "runtime.goexit") {
			t.Errorf("%s: %+v", function.Name(), frame)
		}
	}
}

func TestDemangle(t *testing.T) {
	for in, want := range map[string]string{
		"main":                               "main",
		"_ZN3web6Server5serveEi":             "web::Server::serve",
		"_ZN3web6Server6handleIiEEvT_RKSs":   "web::Server::handle<int>",
		"_RNvCs15kBYyAo9fc_7mycrate7example": "mycrate::example",
		"_ZN4main5crash17h0123456789abcdefE": "main::crash",
		"_Z":                                 "_Z",
		"_Zgarbage":                          "_Zgarbage",
		"_start":                             "_start",
		"_Z" + strings.Repeat("1a", 5000):    "_Z" + strings.Repeat("1a", 5000),
	} {
		if got := Demangle(in); got != want {
			t.Errorf("%.40q: %.80q, want %.40q", in, got, want)
		}
	}
}

// TestCutFile has a file become shorter while it is mapped.
func TestCutFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cut")
	text, err := os.ReadFile("/proc/self/exe")
	if err == nil {
		err = os.WriteFile(path, text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	f := openFile(t, path)
	if err := os.Truncate(path, 4096); err != nil {
		t.Fatal(err)
	}
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if recover() == nil {
			t.Error("it is read even so")
		}
	}()
	f.Section(".text")
	_, table := f.Section(".gopclntab")
	t.Log(slices.Max(table))
}

// FuzzImage reads files that may be anything.
func FuzzImage(f *testing.F) {
	f.Add([]byte("\x7fELF\x02\x01\x01"), uint64(0x1000))
	if _, err := exec.LookPath("gcc"); err == nil {
		for _, flags := range [][]string{{"-s"}, {"-g", "-gz=zlib"}} {
			text, err := os.ReadFile(compile(f, flags...))
			if err != nil {
				f.Fatal(err)
			}
			f.Add(text, uint64(0x1107))
		}
	}
	f.Fuzz(func(_ *testing.T, b []byte, address uint64) {
		file, err := Image(b)
		if err != nil {
			return
		}
		file.BuildID()
		file.FrameHeader()
		file.Memory(address)
		file.Bias(address&^0xfff, address&0xfffff)
		file.DebugPaths("/usr/lib/x.so")
		file.Section(".debug_frame")
		file.Section(".eh_frame")
		file.GoFrame(address)
		search := NewSearch([]uint64{address, address + 0x40, address + 0x1000, 0x1100, 0x401000})
		search.In(file)
		for i := range search.functions {
			Demangle(search.functions[i].Name)
		}
		file.Separate(file)
		file.SameHead(file)
		file.Close()
	})
}
