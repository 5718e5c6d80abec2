package scenario

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const good = "[expect]\nrunning = true\n"

// TestMistakes: each has its line, its key, and what to do.
func TestMistakes(t *testing.T) {
	for text, want := range map[string]string{
		"":                                       "x.toml:1: nothing is expected; add a table [expect]",
		"[expect]":                               "x.toml:1: expect: nothing is expected; such as",
		"expect = 3":                             "x.toml:1: expect: this is not a table; write",
		"x = [":                                  "it is no TOML: ",
		"\xff":                                   "x.toml:1: the file is not UTF-8; save",
		"nam = 1\n" + good:                       `x.toml:1: nam: unknown key "nam"; did you mean "name"?`,
		"\n\nname = 1\n" + good:                  "x.toml:3: name: this is not a text; write name = ",
		"step = 1\n" + good:                      "x.toml:1: step: this is not an array of tables; write a table [[step]]",
		"step = [1]\n" + good:                    "x.toml:1: step: this is not an array of tables",
		"pid1 = 1\n" + good:                      "x.toml:1: pid1: this is not true or false; write pid1 = true",
		"repeat = 0\n" + good:                    "x.toml:1: repeat: 0 is out of range; write a number from 1 to 1000",
		"timeout = '1h'\n" + good:                `x.toml:1: timeout: "1h" is no time above 0 and up to 10m0s; such as`,
		"block = ['KILL']\n" + good:              "x.toml:1: block: SIGKILL can be neither blocked nor ignored; leave it out",
		"ignore = 'NO'\n" + good:                 "x.toml:1: ignore: NO is no signal; such as",
		"environment = { 'a=b' = 'x' }\n" + good: "x.toml:1: environment.a=b: this cannot be a variable",
		good + "[[step]]\n":                      "x.toml:3: step[1]: it does nothing; give it one of wait-output,",
		good + "[[step]]\nsignal = 'TERM'\n[[step]]\nsignl = 'x'":                       `x.toml:6: step[2].signl: unknown kind of step "signl"; did you mean "signal"?`,
		good + "[[step]]\nsignal = 'TERM'\nhang-up = true":                              "x.toml:5: step[1].hang-up: a step does one thing, and this one has signal and hang-up; make",
		good + "[[step]]\nsignal = 'TREM'":                                              "x.toml:4: step[1].signal: this is no signal: ",
		good + "[[step]]\nsignal = 'TERM'\nwithin = '1s'":                               `x.toml:5: step[1].within: unknown key "within" in a step with signal; `,
		good + "[[step]]\nsignal = 'TERM'\nto = 'man'":                                  `x.toml:5: step[1].to: unknown scope "man"; did you mean "main"?`,
		good + "[[step]]\nsignal = 'TERM'\nto = 'tree'\nvalue = 1":                      "x.toml:6: step[1].value: a value is sent to the main process only; leave out to",
		good + "[[step]]\nhang-up = true":                                               "x.toml:4: step[1].hang-up: the program has no terminal; add terminal = true",
		good + "[[step]]\ntype = 'x'":                                                   "x.toml:4: step[1].type: the program has no terminal",
		"terminal=true\n" + good + "[[step]]\nhang-up = false":                          "x.toml:5: step[1].hang-up: only true has a meaning",
		good + "[[step]]\nwait-exit = false":                                            "x.toml:4: step[1].wait-exit: only true has a meaning",
		good + "[[step]]\nwait-time = '2s..1s'":                                         "x.toml:4: step[1].wait-time: this is neither a time nor a range; such as",
		good + "[[step]]\nwait-socket = 'x'":                                            "x.toml:4: step[1].wait-socket: this is no address; such as",
		good + "[[step]]\nwait-output = ['a', 'b']":                                     "x.toml:4: step[1].wait-output: one pattern is waited for",
		good + "[[step]]\nwait-output = '('":                                            "x.toml:4: step[1].wait-output: this is no regular expression: missing closing ): `(`; see",
		good + "[[step]]\nreading = 'fast'":                                             "x.toml:4: step[1].reading: this says not how fast; write",
		"[expect]\nexit = 300":                                                          "x.toml:2: expect.exit: 300 is neither an exit code nor a signal; such as",
		"[expect]\nexit = 0\nrunning = true":                                            "x.toml:3: expect.running: it cannot be running at the end, and have ended",
		"[expect]\npayloads = 'x'":                                                      "x.toml:2: expect.payloads: a pattern with one group",
		"[expect]\npayloads = '(x)'":                                                    "x.toml:2: expect.payloads: no step sends a value; add value = 1",
		"[expect]\nearly = 'caught'":                                                    "x.toml:2: expect.early: this is no pattern with {signal} in it; such as",
		"[expect]\nearly = '{signal}'\n[[step]]\nwait-output='x'\n[[step]]\nsignal='1'": "x.toml:2: expect.early: no step sends a signal before the first wait-output",
		"a.b.c.d.e.f.g.h.i.j = 1":                                                       "x.toml:1: a key of more than 8 parts",
		"a = {b.c.d.e.f.g.h.i.j = 1}":                                                   "x.toml:1: a key of more than 8 parts",
		"a = [[[[[[[[[1]]]]]]]]]":                                                       "x.toml:1: brackets deeper than 8",
		"name = '''\n\n'''\nblock = [\n'x' # ]\n]\n" + good:                             "x.toml:4: block: x is no signal",
	} {
		_, err := Parse("x.toml", []byte(text))
		var all *Error
		if !errors.As(err, &all) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q:\n%v\nwant %s", text, err, want)
		}
	}
}

// FuzzParse: whatever a file has, it is a scenario or has mistakes with lines of it.
func FuzzParse(f *testing.F) {
	files, _ := filepath.Glob("../../../docs/scenarios/*.toml")
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte("step = [{ signal = \"TERM\", count = 3 }, { reading = \"1KB/s\" }]\nterminal = true\n[expect]\nexit = [1, \"TERM\"]\n"))
	f.Add([]byte("a.b = '''x\n''' # c\n[\"x\".y]\nenvironment = {A = \"b\\\"\"}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := Parse("x.toml", data)
		if err == nil {
			for i := range s.Steps {
				if s.Steps[i].String() == "" {
					t.Error("a step says nothing")
				}
			}
			return
		}
		var all *Error
		if !errors.As(err, &all) || len(all.Problems) == 0 {
			t.Fatalf("it is %v", err)
		}
		for _, p := range all.Problems {
			if p.Line < 1 || p.Line > strings.Count(string(data), "\n")+1 || p.Message == "" || p.Hint == "" {
				t.Errorf("the problem %+v has no place or no remedy", p)
			}
		}
	})
}
