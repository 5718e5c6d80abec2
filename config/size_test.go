package config

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// fill repeats a piece, with its number in the place of %d, up to a size.
func fill(size int, head, piece, tail string) []byte {
	var b strings.Builder
	b.WriteString(head)
	for i := 0; b.Len() < size-len(piece)-len(tail)-10; i++ {
		if strings.Contains(piece, "%d") {
			fmt.Fprintf(&b, piece, i)
		} else {
			b.WriteString(piece)
		}
	}
	return []byte(b.String() + tail)
}

// largeFiles would cost somebody the square of their size.
var largeFiles = []struct {
	name             string
	head, piece, end string
}{
	{"nested-arrays", "a = ", "[", ""},
	{"nested-tables", "a = ", "{a=", ""},
	{"arrays-in-one", "a = [", "[],", "]"},
	{"tables-in-one", "a = [", "{},", "]"},
	{"dotted-key", "a", ".a", " = 1"},
	{"dotted-header", "[a", ".a", "]"},
	{"long-path-many-keys", "[" + strings.Repeat("x", 4000) + "]\n", "a%d=1\n", ""},
	{"long-path-nested", strings.Repeat("a = { ", 10) + strings.Repeat("x", 4000) + "= { ", "a%d=1,", strings.Repeat("}", 11)},
	{"keys-below-a-value", "a = 1\n", "a.b%d = 1\n", ""},
	{"same-key", "", "a = 1\n", ""},
	{"same-header", "", "[a]\n", ""},
	{"unknown-keys", "", "a%d=1\n", ""},
	{"unknown-keys-of-service", "[service.a]\n", "comand%d=1\n", ""},
	{"unknown-signals-on-one-line", "[service.a.signals]\nblock = [", "'SIG',", "]"},
	{"unknown-services-of-rule", string(fill(32<<10, "", "[service.s%d]\ncommand='x'\n", "[signals]\nUSR1 = { restart = [")), "'u%d',", "] }"},
	{"empty-services", "", "[service.s%d]\n", ""},
	{"long-string", "a = \"", "\\u0041", "\""},
	{"long-comment", "#", "x", ""},
	{"open-string", "a = \"\"\"", "\"\" \\\"", ""},
	{"long-bare-word", "a = ", "x", ""},
	{"broken-values", "a = [", "x,", "]"},
	{"broken-values-in-large-file", "a = [", "5s,                                                                ", "]"},
	{"repeats-late", strings.Repeat("#\n", 30_000) + "a = 1\n", "a=1\n", ""},
	{"long-command", "[service.a]\ncommand = '", "$x ", "'"},
	{"dollars", "[service.a]\ncommand = '", "$", "'"},
}

// TestLargeFiles is about time and memory: the test ends by the test runner's timeout
// if one of the files costs what it could.
func TestLargeFiles(t *testing.T) {
	for _, test := range largeFiles {
		t.Run(test.name, func(t *testing.T) {
			size := 64 << 10
			if strings.HasPrefix(test.name, "nested") || strings.HasPrefix(test.name, "dotted") || strings.HasSuffix(test.name, "large-file") {
				size = MaxFileSize // and these all of the stack, or of the memory
			}
			data := fill(size, test.head, test.piece, test.end)
			_, err := Parse("large.toml", data, nil)
			var e *Error
			if errors.As(err, &e) {
				checkProblems(t, data, e.Problems[:min(10, len(e.Problems))])
			}
			if test.name != "long-command" && test.name != "dollars" && err == nil {
				t.Error("there is no error")
			}
		})
	}
}

// manyServices is a file with every kind of table for each of n services.
func manyServices(n int) []byte {
	var b strings.Builder
	b.WriteString("[supervisor]\nshutdown-timeout = \"1m\"\n")
	for i := range n {
		fmt.Fprintf(&b, `
[service.worker-%d]
command = ["worker", "--number", "%[1]d"]
directory = "/srv/worker"
environment = { NUMBER = "%[1]d", COLOUR = "blue" }
user = "www-data"
umask = "022"

[service.worker-%[1]d.restart]
policy = "always"
delay = "100ms"
success = [0, "SIGTERM"]

[service.worker-%[1]d.stop]
ladder = [ { signal = "SIGQUIT", scope = "main", timeout = "5s" }, { signal = "SIGTERM", scope = "group", timeout = "5s" } ]

[service.worker-%[1]d.signals]
ignore = ["SIGPIPE"]
forward = { SIGHUP = "SIGHUP" }
`, i)
	}
	return []byte(b.String())
}

func TestManyServices(t *testing.T) {
	file, err := Parse("many.toml", manyServices(500), fakeHost{})
	if err != nil || len(file.Services) != 500 {
		t.Fatal(err)
	}
	for i, s := range file.Services {
		if s.Name != fmt.Sprintf("worker-%d", i) {
			t.Errorf("service %d is %q", i, s.Name)
		}
	}
}

func BenchmarkParse500(b *testing.B) {
	data := manyServices(500)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, err := Parse("many.toml", data, fakeHost{}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkLibrary500 is the part of BenchmarkParse500 that the TOML library takes.
func BenchmarkLibrary500(b *testing.B) {
	text := string(manyServices(500))
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if err := decodeTOML(text, &map[string]any{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkScan500(b *testing.B) {
	text := string(manyServices(500))
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		scan(text)
	}
}
