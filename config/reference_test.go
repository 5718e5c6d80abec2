package config

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

// TestReferenceDefaults writes each default of the reference into a file, and expects
// that this changes nothing.
func TestReferenceDefaults(t *testing.T) {
	const header = "service.x.command = 'x'\n"
	want, err := Parse("x", []byte(header), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range Reference() {
		if e.Doc == "" || strings.HasSuffix(e.Doc, ".") || e.Takes == "" {
			t.Errorf("%s: %+v", e.Path, e)
		}
		if e.Default == "" || strings.Contains(e.Path, "[]") || strings.HasPrefix(e.Path, "signals.SIGNAL.") || strings.Contains(e.Path, "requires.NAME") {
			continue
		}
		line := strings.Replace(e.Path, "NAME", "x", 1) + " = " + e.Default
		want := want
		if strings.HasPrefix(e.Path, "core.") { // the table itself means something
			if want, err = Parse("x", []byte(header+"[core]"), nil); err != nil {
				t.Fatal(err)
			}
		}
		if e.Path == "signals.SIGNAL" {
			line = "signals = { " + e.Default + " }"
		}
		got, err := Parse("x", []byte(header+line), nil)
		if err != nil {
			t.Errorf("%s: %v", line, err)
		} else if !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\n got %s\nwant %s", line, dump(got), dump(want))
		}
	}
}

// TestReferenceChanges says of every key that has a value what a change of it does.
func TestReferenceChanges(t *testing.T) {
	for _, e := range Reference() {
		table := e.Takes == "a table" || e.Path == "signals"
		if (e.Change == "") != table {
			t.Errorf("%s takes %s, and a change of it is %q", e.Path, e.Takes, e.Change)
		}
	}
	for path, want := range map[string]string{
		"service.NAME.command":              "restarts the service",
		"service.NAME.stop.ladder[].signal": "at once",
		"service.NAME.log.file":             "at once",
		"service.NAME.signals.queue.limit":  "at once",
		"signals.SIGNAL.run":                "at once",
		"supervisor.journal":                "when supervise is started anew",
		"service.NAME.log.mode":             "at once, but to or from inherit: restarts the service",
		"service.NAME.environment":          "restarts the service",
	} {
		if got := changeOf(path); got != want {
			t.Errorf("a change of %s is %q, want %q", path, got, want)
		}
	}
}

func TestReferenceIsWhole(t *testing.T) {
	paths := map[string]bool{}
	for _, e := range Reference() {
		if paths[e.Path] {
			t.Errorf("%s is there twice", e.Path)
		}
		paths[e.Path] = true
	}
	for _, path := range []string{
		"supervisor.runtime-dir", "control.mode", "signals.SIGNAL", "signals.SIGNAL.service-from-value", "service.NAME.command", "service.NAME.restart.max-delay", "service.NAME.stop.ladder[].scope",
		"service.NAME.signals.queue.when-full", "service.NAME.core.filter", "service.NAME.log.format", "service.NAME.log.when-full",
	} {
		if !paths[path] {
			t.Errorf("%s is missing", path)
		}
	}
}

// TestWords checks that the reference and the messages name the same words, and that
// every hint at a word leads to one that there is.
func TestWords(t *testing.T) {
	for path, words := range map[string][]string{
		"signals.SIGNAL":                       wordsOfRules(),
		"service.NAME.restart.policy":          policyWords,
		"service.NAME.stop.ladder[].scope":     scopeWords,
		"service.NAME.signals.queue.when-full": whenFullWords,
		"service.NAME.log.mode":                logModeWords,
		"service.NAME.log.format":              formatWords[Text:],
		"service.NAME.startup":                 {"enabled", "disabled"},
		"core.collect":                         collectWords,
		"supervisor.recorder":                  recorderWords,
		"core.capture":                         captureWords,
		"core.compress":                        coreCompressWords,
	} {
		found := false
		for _, e := range Reference() {
			if e.Path != path {
				continue
			}
			found = true
			taken, _, _ := strings.Cut(e.Takes, ", or a table")
			named := strings.FieldsFunc(taken, func(r rune) bool { return r == '"' || r == ' ' || r == ',' })
			for _, w := range words {
				if !strings.Contains(e.Takes, `"`+w+`"`) || len(named) != len(words)+1 {
					t.Errorf("%s takes %s, but the words are %q", path, e.Takes, words)
				}
			}
		}
		if !found {
			t.Errorf("%s is missing", path)
		}
	}
	if got := oneOf([]string{"a"}); got != `"a"` {
		t.Errorf("oneOf(a) = %s", got)
	}
}

// TestEveryValueHasAWord: what can be set can be written in a file.
func TestEveryValueHasAWord(t *testing.T) {
	for what, of := range map[string]struct {
		words []string
		want  int
	}{
		"rule": {ruleWords, numRules}, "verb": {verbWords, numVerbs}, "policy": {policyWords, numPolicies},
		"scope": {scopeWords, numScopes}, "when-full": {whenFullWords, numWhenFulls},
		"log mode": {logModeWords, numLogModes}, "collect": {collectWords, numCollects}, "recorder": {recorderWords, numRecorders}, "log format": {formatWords, numLogFormats},
	} {
		if len(of.words) != of.want {
			t.Errorf("there are %d words for %d values of %s: %q", len(of.words), of.want, what, of.words)
		}
	}
}

// TestEveryDifferenceIsAKey: what Diff compares can be set in a file.
func TestEveryDifferenceIsAKey(t *testing.T) {
	known := map[string]bool{}
	for _, e := range Reference() {
		known[e.Path] = true
	}
	for _, k := range fileKeys {
		if !known[k.path] {
			t.Errorf("there is no key %s", k.path)
		}
	}
	for _, k := range serviceKeys {
		if path := "service.NAME." + k.path; !known[path] {
			t.Errorf("there is no key %s", path)
		}
	}
}

// TestEveryVerbIsAKey: each verb is a key of a rule in braces.
func TestEveryVerbIsAKey(t *testing.T) {
	for _, verb := range verbs() {
		if !slices.ContainsFunc(commandFields, func(f field[commandTable]) bool { return f.name == verb }) {
			t.Errorf("a rule in braces cannot have %s", verb)
		}
	}
}

func TestStrings(t *testing.T) {
	for _, test := range []struct {
		value interface{ String() string }
		want  string
	}{
		{ShutdownNow, "shutdown-now"},
		{Never, "never"},
		{Tree, "tree"},
		{DropNewest, "drop-newest"},
		{ToFile, "file"},
		{JSON, "json"},
		{AutoFormat, ""},
		{Scope(9), "9"},
		{CommandContinue, "continue"},
		{Verb(0), ""},
		{Outcome{Code: 3}, "3"},
		{Outcome{Signal: 9}, "SIGKILL"},
	} {
		if got := test.value.String(); got != test.want {
			t.Errorf("%#v is %q, want %q", test.value, got, test.want)
		}
	}
}
