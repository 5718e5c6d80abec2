package config

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// everyNode calls visit for each node below n.
func everyNode(n *node, visit func(*node)) {
	for _, c := range n.children {
		visit(c)
		everyNode(c, visit)
	}
}

var junk = []string{
	"0", "-1", "9223372036854775807", "1.5", "-inf", "nan", "true", "1979-05-27", "07:32:00", `""`, `"x"`, `"-1"`, `"0"`, `" "`, `"\u0000"`, `"\u001b[2J"`, "'''\n'''",
	`"/"`, `"5s"`, `"-5s"`, `"SIGKILL"`, `"SIGHUP"`, "[]", "[[]]", "[{}]", "[1]", `[""]`, `["x", "x"]`, "{}", "{a = 1}", "{a = {}}", `{SIGHUP = "SIGHUP"}`, `"` + strings.Repeat("x", 5000) + `"`,
}

// TestReplaceEveryValue puts a third of all junk in the place of every value of good
// files, each value another third. It is refused at its place, or what comes of it is a good File.
func TestReplaceEveryValue(t *testing.T) {
	for _, text := range seeds(t) {
		if _, err := Parse("x", []byte(text), fakeHost{}); err != nil {
			continue
		}
		nodes := 0
		everyNode(scan(text).root, func(n *node) {
			if n.val == n.key && n.parent.kind != array {
				return // it has a header, or is implied
			}
			nodes++
			for i, value := range junk {
				if (i+nodes)%3 != 0 {
					continue
				}
				changed := text[:n.val.start] + value + text[n.val.end:]
				file, err := Parse("x", []byte(changed), fakeHost{})
				var e *Error
				switch {
				case err == nil:
					checkFile(t, file)
				case !errors.As(err, &e):
					t.Errorf("%s = %.40s: %v", n.path(), value, err)
				default:
					checkErrorIsUsable(t, []byte(changed), err)
					checkNear(t, text, n, value, e)
				}
			}
		})
	}
}

// checkNear expects that one of the problems, if only one thing is wrong, is in the
// table of the value or in the value.
func checkNear(t *testing.T, text string, n *node, value string, e *Error) {
	t.Helper()
	want := n.path()
	if i := strings.LastIndexByte(want, '.'); i >= 0 && n.kind == scalar {
		want = want[:i]
	}
	for _, p := range e.Problems {
		if strings.HasPrefix(p.Path, want) || p.Path == "" {
			return
		}
	}
	t.Errorf("%s = %.40s (line %d):\n%v", n.path(), value, lineOf(text, n.key.start), e)
}

// TestMisspellEveryKey changes one letter in every key with a fixed name. The error is
// at this key and names the right one.
func TestMisspellEveryKey(t *testing.T) {
	keys := map[string]bool{}
	for _, e := range Reference() {
		keys[e.Path[strings.LastIndexByte(e.Path, '.')+1:]] = true
	}
	for _, text := range seeds(t) {
		if _, err := Parse("x", []byte(text), fakeHost{}); err != nil {
			continue
		}
		everyNode(scan(text).root, func(n *node) {
			key := text[n.key.start:n.key.end]
			if !keys[key] || n.name != key || strings.Contains(n.path(), "environment.") {
				return
			}
			wrong := key[:1] + key[2:] + "x"
			if len(key) <= 4 {
				wrong = key + "x"
			}
			changed := text[:n.key.start] + wrong + text[n.key.end:]
			_, err := Parse("x", []byte(changed), fakeHost{})
			var e *Error
			if !errors.As(err, &e) {
				t.Errorf("%s for %s: %v", wrong, n.path(), err)
				return
			}
			column := n.key.start - strings.LastIndexByte(text[:n.key.start], '\n')
			for _, p := range e.Problems {
				if p.Line == lineOf(text, n.key.start) && p.Column == column && strings.Contains(p.Message, fmt.Sprintf("%q", wrong)) && p.Hint == fmt.Sprintf("did you mean %q?", key) {
					return
				}
			}
			t.Errorf("%s for %s:\n%v", wrong, n.path(), err)
		})
	}
}

// TestDamage cuts each file off at many places, and takes one byte out of it there.
func TestDamage(t *testing.T) {
	for _, text := range seeds(t) {
		for i := 0; i < len(text); i += 1 + len(text)/100 {
			for _, changed := range []string{text[:i], text[:i] + text[i+1:]} {
				if file, err := Parse("x", []byte(changed), fakeHost{}); err != nil {
					checkErrorIsUsable(t, []byte(changed), err)
				} else {
					checkFile(t, file)
				}
			}
		}
	}
}
