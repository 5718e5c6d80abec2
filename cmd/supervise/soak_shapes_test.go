package main_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"unicode/utf16"
)

// A shape makes a hostile file of a path: of a text that would be right in its place, or of
// nothing. The text of it is returned, if it is one to be read.
type shape struct {
	name string
	make func(path, sample string, random *rand.Rand) (text []byte, err error)
}

// shapes are the kinds of hostile files. Behind them come [mutations].
var shapes = slices.Concat([]shape{
	{"missing", func(string, string, *rand.Rand) ([]byte, error) { return nil, nil }},
	{"directory", func(path, _ string, _ *rand.Rand) ([]byte, error) { return nil, os.Mkdir(path, 0o755) }},
	{"FIFO", func(path, _ string, _ *rand.Rand) ([]byte, error) { return nil, syscall.Mkfifo(path, 0o666) }},
	{"socket", func(path, _ string, _ *rand.Rand) ([]byte, error) { return nil, makeSocket(path) }},
	{"no permission", func(path, sample string, _ *rand.Rand) ([]byte, error) {
		return []byte(sample), os.WriteFile(path, []byte(sample), 0)
	}},
	{"set-user-ID", func(path, sample string, _ *rand.Rand) ([]byte, error) {
		return []byte(sample), errors.Join(os.WriteFile(path, []byte(sample), 0o755), os.Chmod(path, 0o777|os.ModeSetuid))
	}},
	{"a gigabyte of nothing", func(path, _ string, _ *rand.Rand) ([]byte, error) {
		return nil, errors.Join(os.WriteFile(path, nil, 0o755), os.Truncate(path, 1<<30))
	}},
	linkTo("/dev/null"), linkTo("/dev/zero"), linkTo("/dev/full"), linkTo("/dev/tty"), linkTo("/proc/self/mem"), linkTo("/proc/self/environ"),
	linkTo("nowhere"), linkTo("."), linkTo("file/file"),
	{"link to itself", func(path, _ string, _ *rand.Rand) ([]byte, error) { return nil, os.Symlink(filepath.Base(path), path) }},

	always("empty", func(string) string { return "" }),
	always("NULs", func(string) string { return strings.Repeat("\x00", 1<<16) }),
	always("NUL inside", func(s string) string { return s[:len(s)/2] + "\x00" + s[len(s)/2:] }),
	always("endless line", func(string) string { return strings.Repeat("x", 1<<20) }),
	always("many lines", func(s string) string { return strings.Repeat(s+"\n", 5<<20/(len(s)+1)) }),
	always("empty lines", func(string) string { return strings.Repeat("\n", 1<<20) }),
	always("deep arrays", func(string) string { return "a = " + strings.Repeat("[", 200_000) }),
	always("deep tables", func(string) string { return strings.Repeat("a={", 100_000) }),
	always("deep JSON", func(string) string { return strings.Repeat(`{"a":[`, 100_000) }),
	always("deep name", func(string) string { return "[" + strings.Repeat("a.", 50_000) + "a]" }),
	always("UTF-16", func(s string) string { return utf16LE("\ufeff" + s) }),
	always("byte order mark", func(s string) string { return "\ufeff" + s }),
	always("Latin-1", func(s string) string { return strings.ReplaceAll(s, "e", "\xe9") }),
	always("no UTF-8", func(s string) string { return strings.ReplaceAll(s, "e", "\xc0\xaf\xed\xa0\x80\xf5") }),
	always("CRLF", func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }),
	always("CR", func(s string) string { return strings.ReplaceAll(s, "\n", "\r") }),
	always("escapes", func(s string) string { return strings.ReplaceAll(s, "e", "\x1b]0;x\x07\x1b[2J\u202e\u009b") }),
	always("large numbers", func(s string) string { return strings.ReplaceAll(s, "1", "99999999999999999999999999") }),
	always("ELF header", func(string) string { return "\x7fELF\x02\x01\x01" + strings.Repeat("\x00", 9) + "\x02\x00\x3e\x00" }),
	always("ELF nonsense", func(string) string { return "\x7fELF\x02\x01\x01\x00" + strings.Repeat("\xff", 4096) }),
	{"ELF, cut", func(path, _ string, random *rand.Rand) ([]byte, error) { return nil, cutProgram(path, random) }},
	always("#!", func(string) string { return "#!" }),
	always("#! to nowhere", func(s string) string { return "#!/nowhere/at/all\n" + s }),
	always("#! to a directory", func(s string) string { return "#! / \n" + s }),
	always("#!, endless", func(string) string { return "#!/" + strings.Repeat("x", 1<<16) }),
	{"#! to itself", func(path, sample string, _ *rand.Rand) ([]byte, error) {
		text := []byte("#!" + path + "\n" + sample)
		return text, os.WriteFile(path, text, 0o755)
	}},
}, mutations)

// mutations differ each time.
var mutations = []shape{
	mutation("random", func(_ []byte, random *rand.Rand) []byte {
		text := make([]byte, random.IntN(4096))
		for i := range text {
			text[i] = byte(random.UintN(256))
		}
		return text
	}),
	mutation("cut", func(text []byte, random *rand.Rand) []byte { return text[:random.IntN(len(text)+1)] }),
	mutation("flipped", func(text []byte, random *rand.Rand) []byte {
		for range 1 + random.IntN(8) {
			text[random.IntN(len(text))] ^= 1 << random.UintN(8)
		}
		return text
	}),
	mutation("inserted", func(text []byte, random *rand.Rand) []byte {
		odd := []string{"\x00", "[[", "]]", "{", "}", `"`, "'", `"""`, "\\", "=", "\n", "\r", ".", ",", "-", "#", "\u2028", "1e999", "nan", "0x", "$", "%s%n"}
		for range 1 + random.IntN(8) {
			text = slices.Insert(text, random.IntN(len(text)+1), []byte(odd[random.IntN(len(odd))])...)
		}
		return text
	}),
	mutation("removed", func(text []byte, random *rand.Rand) []byte {
		i := random.IntN(len(text))
		return slices.Delete(text, i, min(len(text), i+1+random.IntN(16)))
	}),
	mutation("repeated", func(text []byte, random *rand.Rand) []byte {
		lines := bytes.SplitAfter(text, []byte("\n"))
		for range 1 + random.IntN(8) {
			lines = slices.Insert(lines, random.IntN(len(lines)), lines[random.IntN(len(lines))])
		}
		return bytes.Join(lines, nil)
	}),
}

func always(name string, change func(sample string) string) shape {
	return mutation(name, func(text []byte, _ *rand.Rand) []byte { return []byte(change(string(text))) })
}

func mutation(name string, change func(text []byte, random *rand.Rand) []byte) shape {
	return shape{name, func(path, sample string, random *rand.Rand) ([]byte, error) {
		text := change([]byte(sample), random)
		return text, os.WriteFile(path, text, 0o755)
	}}
}

func linkTo(target string) shape {
	return shape{"link to " + target, func(path, _ string, _ *rand.Rand) ([]byte, error) { return nil, os.Symlink(target, path) }}
}

func utf16LE(s string) string {
	var b strings.Builder
	for _, unit := range utf16.Encode([]rune(s)) {
		b.Write([]byte{byte(unit), byte(unit >> 8)})
	}
	return b.String()
}

// makeSocket leaves a socket to which nobody listens.
func makeSocket(path string) error {
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return err
	}
	l.SetUnlinkOnClose(false)
	return l.Close()
}

// cutProgram copies the beginning of a program.
func cutProgram(path string, random *rand.Rand) error {
	from, err := os.Open("/bin/sh")
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		return err
	}
	_, err = io.CopyN(to, from, random.Int64N(100_000))
	return errors.Join(err, to.Close())
}
