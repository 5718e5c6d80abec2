package settings

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"supervise/coredump"
)

// TestExpansion crashes processes with odd names, and compares what the kernel makes of a
// pattern with what Expand and Glob do.
func TestExpansion(t *testing.T) {
	guarded(t, "core")
	p := newPlace(t)
	args := p.in("args")
	// It writes its arguments, each with a zero byte behind it.
	script := "#!/bin/sh\nfor a; do printf '%s\\0' \"$a\"; done >" + args + "\nexec cat >/dev/null\n"
	write("show", script, 0o755, 0)(t, p)
	program, err := os.ReadFile(p.program)
	must(t, err)
	odd := p.in("a b!%p")
	must(t, os.WriteFile(odd, program, 0o755))
	must(t, os.Mkdir(p.in("out"), 0o777))
	must(t, PipeLimit.write("16"))
	for _, c := range []struct{ name, pattern, usesPID string }{
		{"web", "%e.%p.%P.%i.%I", "0"},
		{"web", "%u.%g.%d.%s.%h.%c", "1"},
		{".", "%e", "1"},
		{"..", "%e", "0"},
		{"..", "x%e%%%p%", "0"},
		{"a/../b", "%e.%F.%z.%f", "1"},
		{"...", "%e%e.%t.%C", "0"},
		{"x", "%P%", "1"},
		{"web", "|%e.%p.%P.%i.%I %u.%g %d %s %h %c %E %f %F", "1"},
		{"a b\tc", "| \t%e%z%e\xa0% %x % %z %%%e%", "0"},
		{"", "|%e [%z] %", "0"},
	} {
		t.Run(c.name+" "+c.pattern, func(t *testing.T) {
			text := p.in("out") + "/" + c.pattern
			if rest, ok := strings.CutPrefix(c.pattern, "|"); ok {
				text = "|" + p.in("show") + " " + rest
			}
			must(t, Pattern.write(text))
			must(t, UsesPID.write(c.usesPID))
			process := p.run(t, nil, odd, "name="+c.name, "core=12345678")
			s, err := Look(process.cmd.Process.Pid)
			must(t, err)
			if !process.crash(t) {
				t.Fatal("no core")
			}
			facts := s.Process.Facts
			facts[coredump.Signal] = "11"
			if s.Pattern.Kind == coredump.Pipe {
				checkArguments(t, args, s.Pattern, facts)
			} else {
				checkFile(t, p.in("out"), s.Pattern, facts, c.usesPID == "1")
			}
		})
	}
}

func checkArguments(t *testing.T, file string, pattern coredump.Pattern, facts coredump.Facts) {
	t.Helper()
	want, err := pattern.Expand(facts, true)
	must(t, err)
	text, err := os.ReadFile(file)
	must(t, err)
	got := strings.Split(strings.TrimSuffix(string(text), "\x00"), "\x00")
	if !slices.Equal(got, want[1:]) {
		t.Errorf("the kernel gave %q, want %q", got, want[1:])
	}
}

func checkFile(t *testing.T, dir string, pattern coredump.Pattern, facts coredump.Facts, usesPID bool) {
	t.Helper()
	glob := pattern.Glob(facts, usesPID)
	entries, err := os.ReadDir(dir)
	must(t, err)
	if len(entries) != 1 {
		t.Fatalf("found %v", entries)
	}
	name := filepath.Join(dir, entries[0].Name())
	if ok, err := filepath.Match(glob, name); !ok || err != nil {
		t.Errorf("the kernel made %q, which %q does not match: %v", name, glob, err)
	}
	must(t, os.Remove(name))
	if !pattern.Has(coredump.Time) && !pattern.Has(coredump.CPU) {
		want, err := pattern.Expand(facts, usesPID)
		if err != nil || want[0] != name {
			t.Errorf("the kernel made %q, want %q: %v", name, want, err)
		}
	}
	if seconds := strings.Split(filepath.Base(name), "."); pattern.Has(coredump.Time) {
		at, _ := strconv.ParseInt(seconds[len(seconds)-2], 10, 64)
		if now := time.Now().Unix(); at < now-10 || at > now {
			t.Errorf("%q is not the time, %d", name, now)
		}
	}
}

// TestParsedAsStored: what the kernel makes of a pattern that it is told to store.
func TestParsedAsStored(t *testing.T) {
	guarded(t, "core")
	for _, text := range []string{
		"", " ", "core", "|", "|%", "| x", "@/run/x y", "@@/run/core", "@", "@@", "@x", "@@x", "@/run/../x", "@/a..b", "@/..a/x", "@/x/..",
		"@/" + strings.Repeat("x", 106), "@/" + strings.Repeat("x", 107), "@@/" + strings.Repeat("x", 106), "@@/" + strings.Repeat("x", 107),
		strings.Repeat("x", 127), strings.Repeat("x", 128), "a\nb", "a\x00b", "%", "\xff\x01",
	} {
		_, refused := coredump.ParsePattern(text)
		err := Pattern.write(text)
		if (refused == nil) != (err == nil) {
			t.Errorf("%q: parsed with %v, the kernel: %v", text, refused, err)
		}
	}
}
