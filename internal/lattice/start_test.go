package lattice

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestEarly looks at all that the early packages import, and these in turn.
func TestEarly(t *testing.T) {
	checkEarly(t, early, earlyImports)
	checkEarly(t, second, slices.Concat(earlyImports, secondImports))
}

func checkEarly(t *testing.T, packages, imports []string) {
	for _, arch := range []string{"amd64", "arm64"} {
		for _, p := range list(t, arch, append([]string{"-deps"}, paths(packages)...)...) {
			_, own := ours(p.ImportPath)
			switch {
			case foreign(p.ImportPath):
				t.Errorf("%s: what runs early imports %s", arch, p.ImportPath)
			case own, strings.HasPrefix(p.ImportPath, "internal/"), slices.Contains(imports, p.ImportPath):
			default:
				t.Errorf("%s: what runs early imports %s, which costs start-up", arch, p.ImportPath)
			}
		}
	}
}

// TestOrder builds the program and has the runtime tell what is initialised before init
// runs: runtime, "Environment Variables", inittrace.
func TestOrder(t *testing.T) {
	program := filepath.Join(t.TempDir(), "supervise")
	build := exec.Command("go", "build", "-ldflags=-s -w -E=_supervise_entry", "-o", program, module+"/cmd/supervise")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	initialised := func(args ...string) (names []string) {
		cmd := exec.Command(program, args...)
		cmd.Env = append(os.Environ(), "GODEBUG=inittrace=1", "SUPERVISE_NUCLEUS=off")
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		if err := cmd.Run(); err != nil {
			t.Fatalf("supervise %v: %v\n%s", args, err, stderr.String())
		}
		for lines := bufio.NewScanner(&stderr); lines.Scan(); {
			if fields := strings.Fields(lines.Text()); len(fields) > 2 && fields[0] == "init" && strings.HasPrefix(fields[2], "@") {
				names = append(names, fields[1])
			}
		}
		return names
	}
	// These come by the way: they sort before "supervise" and need nothing that is late.
	byTheWay := []string{"math", "encoding/base64"}
	// These too, with package zstd: all of them take 30 microseconds.
	byTheWay = append(byTheWay, "github.com/klauspost/compress/internal/cpuinfo", "hash/crc32", "crypto", "crypto/internal/fips140deps/cpu")
	trace := initialised("init", "--", "/bin/true")
	for _, name := range trace {
		if _, own := ours(name); !own && !strings.HasPrefix(name, "internal/") &&
			!slices.Contains(earlyImports, name) && !slices.Contains(byTheWay, name) {
			t.Errorf("%s is initialised before init runs", name)
		}
	}
	if !slices.Contains(trace, "supervise/signals/intake/boot") || slices.Contains(trace, "main") {
		t.Errorf("the trace of init is %v", trace)
	}
	all := initialised("version")
	if len(all) <= len(trace) {
		t.Errorf("the trace of version is %v: this test sees nothing", all)
	}
	for _, name := range all {
		if slices.Contains(leftOut, name) {
			t.Errorf("%s is linked, and initialised before every command", name)
		}
	}
}

// leftOut are packages in whose place a few lines of our own were written, as every command pays
// for them.
var leftOut = []string{"debug/dwarf", "encoding/xml", "internal/zstd"}

// TestEarlyDocs wants each early package to say that it is one, and where that is explained.
func TestEarlyDocs(t *testing.T) {
	for _, p := range list(t, "amd64", append([]string{"-deps"}, paths(slices.Concat(early, second))...)...) {
		name, own := ours(p.ImportPath)
		if !own || name == "cmd/supervise/preinit" || name == "cmd/supervise/precore" {
			continue
		}
		doc, err := os.ReadFile(filepath.Join("..", "..", name, "doc.go"))
		if err != nil {
			t.Error(err)
			continue
		}
		if !bytes.Contains(bytes.ReplaceAll(doc, []byte("\n// "), []byte(" ")), []byte("cmd/supervise/preinit")) {
			t.Errorf("%s/doc.go does not point to cmd/supervise/preinit", name)
		}
	}
}
