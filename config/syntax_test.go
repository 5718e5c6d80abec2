package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// syntaxTests are texts that are no TOML, with where and how that is said.
var syntaxTests = []struct{ text, want string }{
	{"a = always", `1:5 the value is not a number, a date or quoted text; put it in quotes: "always"`},
	{"a = nginx -g # c", `1:5 the value is not a number, a date or quoted text; put it in quotes: "nginx -g"`},
	{"a = $HOME/x", `1:5 the value is not a number, a date or quoted text; put it in quotes: "$HOME/x"`},
	{"a = /srv", `1:5 the value is not a number, a date or quoted text; put it in quotes: "/srv"`},
	{"a = True", `1:5 the value is not a number, a date or quoted text; put it in quotes: "True"`},
	{"a = [SIGTERM, 1]", `1:6 the value is not a number, a date or quoted text; put it in quotes: "SIGTERM"`},
	{"a = 5s\n", `1:5 the value is not a number, a date or quoted text; put it in quotes: "5s"`},
	{"a = 1.5.2\n", `1:5 the value is not a number, a date or quoted text; put it in quotes: "1.5.2"`},
	{"a = [10MB]\n", `1:6 the value is not a number, a date or quoted text; put it in quotes: "10MB"`},
	{"a = { b = 5s }\n", `1:11 the value is not a number, a date or quoted text; put it in quotes: "5s"`},
	{"a = 1 b = 2\n", "1:7 something follows the value on this line; each key needs a line of its own"},
	{"a = \"x\"y\n", "1:8 something follows the value on this line; each key needs a line of its own"},
	{"a = ", "1:4 a value is missing here"},
	{"a =\nb = 1", "1:4 a value is missing here"},
	{"x = 1\na = # nothing\n", "2:5 a value is missing here"},
	{"a = “x”", `1:5 these quotes are not those of TOML; use "these"`},
	{"a: 5\n", "1:2 there is a colon between key and value; write key = value"},
	{"a : 5\n", "1:3 there is a colon between key and value; write key = value"},
	{"a 5\n", "1:3 a key has no value; write key = value"},
	{"x = 1\na\n", "2:2 a key has no value; write key = value"},
	{"a", "1:1 a key has no value; write key = value"},
	{"SIGRTMIN+1 = 'x'", `1:9 '+' cannot be in a key without quotes; put the key in quotes: "SIGRTMIN+1"`},
	{"forward = { SIGRTMIN+1 = 'x' }", `1:21 '+' cannot be in a key without quotes; put the key in quotes: "SIGRTMIN+1"`},
	{"größe = 'x'", `1:3 'ö' cannot be in a key without quotes; put the key in quotes: "größe"`},
	{"a = \"x\nb = 1\n", "1:5 this string has no closing quote"},
	{"a = 'x", "1:5 this string has no closing quote"},
	{"b = 1\na = \"\"\"\nfoo\n", "2:5 this string has no closing quote; it begins with three quotes, and must end with three"},
	{"[\"a\n", "1:2 this string has no closing quote"},
	{"a = [1, 2\n", "1:10 a comma or a closing bracket is missing here"},
	{"a = [ {b = 1},\n\n[c]\nd = 1\n", "3:2 the [ in line 1 is not closed before this"},
	{"a = [\n 1\n 2 ]", "3:2 a comma or a closing bracket is missing here; the [ in line 1 is still open here"},
	{"a = {b = 1", "1:10 a comma or a closing bracket is missing here"},
	{"[a\nb = 1", "1:3 this header is not closed by its brackets"},
	{"[a # b", "1:4 this header is not closed by its brackets"},
	{"[[a]\n", "1:4 this header is not closed by its brackets"},
	{"[a", "1:2 this header is not closed by its brackets"},
	{"[service.web server]\n", `1:14 's' cannot be in a name without quotes; put the name in quotes, as in [service."a name"]`},
	{"[service.größe]\n", `1:12 'ö' cannot be in a name without quotes`},
	{"[]", "1:2 a name is missing in this header"},
	{"[a..b]", "1:4 a name is missing in this header"},
	{"a = { ", "1:7 a key is missing here"},
	{"a..b = 1", "1:3 a key is missing here"},
	{"a = -x\n", `1:5 the value is not a number, a date or quoted text; put it in quotes: "-x"`},
	{"[a]x", "1:4 something follows the value on this line"},
	{"= 5", "1:1 a key is missing here"},
	{"a = 022", `1:5 a number cannot begin with 0; put it in quotes: "022"`},
	{"a = 99999999999999999999", "1:5 the number is too large"},
	{"a = 1e999", "1:5 the number is too large"},
	{`a = "\q"`, `1:6 no such escape in a string; write \\ for a backslash, or put the text in 'single quotes'`},
	{`a = "\u12"`, `1:6 an escape in this string is cut short; write \x and two, \u and four`},
	{`a = "C:\ x"`, `1:6 no such escape in a string`},
	{"a = 2020-13-01", `1:5 there is no such date or time; put it in quotes if it is meant as text: "2020-13-01"`},
	{"a = .5", "1:5 floats must start with a digit"},
	{"a = 1\na = 2\n", `2:1 "a" is defined twice; the first one is in line 1`},
	{"[a]\nb=1\n[c]\n[a]\nb=2\n", `4:2 "a" is defined twice; the first one is in line 1`},
	{"[service.web]\ncommand = 'x'\n\n[service.web]\ncommand = 'y'\n[service.web.log]\n", `4:10 service "web" is defined twice; the first one is in line 1`},
	{"a = { b = 1, b = 2 }", `1:14 "b" is defined twice; the first one is in line 1`},
	{"a = 1\n[a.b]\n", `2:2 "a" is defined twice; the first one is in line 1`},
	{"a = 1\na.b = 2\n", `2:1 "a" is defined twice; the first one is in line 1`},
	{"r = [1]\nr.a = 2\n", `2:1 "r" is defined twice; the first one is in line 1`},
	{"a = {b = 1}\na.c = 2\n", `2:1 "a" is defined twice; the first one is in line 1`},
	{"a = {b = 1}\n[a.c]\n", `2:2 "a" is defined twice; the first one is in line 1`},
	{"a = {b = {c = 1}, b.d = 1}\n", `1:19 "b" is defined twice; the first one is in line 1`},
	{"[a]\n[[a]]", `2:3 "a" is defined twice; the first one is in line 1`},
	{"a = [1]\n[[a]]", `2:3 "a" is defined twice; the first one is in line 1`},
	{"[[a]]\n[a]", `2:2 "a" is defined twice; the first one is in line 1`},
	{"a = \"\x01\"", `1:6 control character 0x01, which TOML does not allow; inside "double quotes" it can be written \u0001`},
	{"a = 1\x00", "1:6 control character 0x00"},
	{"\x00", "1:1 control character 0x00"},
	{"# \x7f", "1:3 control character 0x7f"},
	{"a = 1\rb = 2", "1:6 control character 0x0d"},
	{"# ä\xffb", "1:4 byte 0xff is not UTF-8; save the file in UTF-8"},
	{"a = 'ok'\nb = '\xc3'", "2:6 byte 0xc3 is not UTF-8"},
	{"a\nbb" + strings.Repeat("\x9d", 500_000), "2:3 byte 0x9d is not UTF-8"},
	{"\xff\xfea\x00", "1:1 the file is in UTF-16; save it in UTF-8"},
	{"a = " + strings.Repeat("[", 100_000), "1:21 too many brackets inside brackets"},
	{"a = " + strings.Repeat("{a=", 100_000), "1:53 too many brackets inside brackets"},
	{strings.Repeat("a.", 100_000) + "a = 1", "1:1 the key has too many parts"},
	{"[" + strings.Repeat("a.", 100_000) + "a]", "1:2 the key has too many parts"},
}

func syntaxSeeds() []string {
	var texts []string
	for _, test := range syntaxTests {
		if len(test.text) < 1000 {
			texts = append(texts, test.text)
		}
	}
	return texts
}

func TestSyntax(t *testing.T) {
	for _, test := range syntaxTests {
		_, err := Parse("x.toml", []byte(test.text), nil)
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("%.60q: %v", test.text, err)
			continue
		}
		checkProblems(t, []byte(test.text), e.Problems)
		p := e.Problems[slices.IndexFunc(e.Problems, func(p Problem) bool {
			return !strings.HasPrefix(p.Message, "unknown") && !strings.HasPrefix(p.Message, "no service")
		})]
		got := fmt.Sprintf("%d:%d %s", p.Line, p.Column, p.Message)
		if p.Hint != "" {
			got += "; " + p.Hint
		}
		if !strings.HasPrefix(got, test.want) {
			t.Errorf("%.60q:\n got %s\nwant %s", test.text, got, test.want)
		}
	}
}

func TestRepeatsAllAtOnce(t *testing.T) {
	_, err := Parse("x.toml", []byte("[service.a]\ncommand = 'a'\ncommand = 'b'\n[service.b]\ncommand = 'b'\n[service.a]\n[service.a.log]\n[service.b]\n"), nil)
	want := `x.toml:3:1: "command" is defined twice
    3 | command = 'b'
      | ^^^^^^^
      = the first one is in line 2
x.toml:6:10: service "a" is defined twice
    6 | [service.a]
      |          ^
      = the first one is in line 1
x.toml:8:10: service "b" is defined twice
    8 | [service.b]
      |          ^
      = the first one is in line 4`
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}

func TestByteOrderMark(t *testing.T) {
	file, err := Parse("x.toml", []byte("\xef\xbb\xbf[service.a]\r\ncommand = 'a'\r\n"), nil)
	if err != nil || len(file.Services) != 1 {
		t.Errorf("%v, %v", file, err)
	}
	_, err = Parse("x.toml", []byte("\xef\xbb\xbfx = 1"), nil)
	if err == nil || !strings.HasPrefix(err.Error(), "x.toml:1:1: ") {
		t.Errorf("the mark counts as a column: %v", err)
	}
}
