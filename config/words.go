package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// The words of a file, each at the number of its constant in spec.go.
var (
	ruleWords     = []string{"forward", "shutdown", "shutdown-now", "ignore"}
	verbWords     = []string{"", "start", "stop", "restart", "reload", "pause", "continue", "update", "run"} // the zero Verb is no command
	policyWords   = []string{"on-failure", "always", "never"}
	scopeWords    = []string{"main", "group", "tree"}
	whenFullWords = []string{"wait", "drop-oldest", "drop-newest"}
	logModeWords  = []string{"prefix", "inherit", "file"}
	formatWords   = []string{"", "text", "json"} // AutoFormat has no word: it is what no word means
	startupWords  = []string{"disabled", "enabled"}
)

func wordOf(words []string, number uint8) string {
	if int(number) < len(words) {
		return words[number]
	}
	return strconv.Itoa(int(number))
}

// parseWord reads one of some words into the number of its constant.
func parseWord[T ~uint8](words []string, text []byte, into *T) error {
	i := slices.Index(words, string(text))
	if i < 0 {
		return fmt.Errorf("%q is not one of %s", text, oneOf(words))
	}
	*into = T(i)
	return nil
}

// String writes the rule as a file does: "shutdown".
func (r Rule) String() string { return wordOf(ruleWords, uint8(r)) }

// MarshalText writes what String does.
func (r Rule) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads it.
func (r *Rule) UnmarshalText(text []byte) error { return parseWord(ruleWords, text, r) }

// String writes the verb as a file does: "restart". That of no command is "".
func (v Verb) String() string { return wordOf(verbWords, uint8(v)) }

// NamesServices reports whether the verb is about services, and not about the supervisor.
func (v Verb) NamesServices() bool {
	switch v {
	case CommandStart, CommandStop, CommandRestart, CommandReload, CommandPause, CommandContinue:
		return true
	case CommandUpdate, CommandRun:
	}
	return false
}

// MarshalText writes what String does.
func (v Verb) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText reads it.
func (v *Verb) UnmarshalText(text []byte) error { return parseWord(verbWords, text, v) }

// String writes the command as a file does: { restart = "worker" }.
func (c Command) String() string {
	switch {
	case c.Verb == CommandUpdate && c.File == "":
		return strconv.Quote(c.Verb.String())
	case c.Verb == CommandUpdate:
		return fmt.Sprintf("{ update = %q }", c.File)
	case c.Verb == CommandRun:
		return fmt.Sprintf("{ run = %s, timeout = %q }", quoteAll(c.Argv), c.Timeout)
	case c.FromValue:
		return fmt.Sprintf("{ %v = true, service-from-value = true }", c.Verb)
	case len(c.Services) == 1:
		return fmt.Sprintf("{ %v = %q }", c.Verb, c.Services[0])
	}
	return fmt.Sprintf("{ %v = %s }", c.Verb, quoteAll(c.Services))
}

// quoteAll writes an array of strings.
func quoteAll(texts []string) string {
	quoted := make([]string, len(texts))
	for i, text := range texts {
		quoted[i] = strconv.Quote(text)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

// String writes the policy as a file does: "on-failure".
func (p Policy) String() string { return wordOf(policyWords, uint8(p)) }

// MarshalText writes what String does.
func (p Policy) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads it.
func (p *Policy) UnmarshalText(text []byte) error { return parseWord(policyWords, text, p) }

// String writes the scope as a file does: "main".
func (s Scope) String() string { return wordOf(scopeWords, uint8(s)) }

// ScopeWords are the words of all scopes, in a file as on the command line.
func ScopeWords() []string { return slices.Clone(scopeWords) }

// MarshalText writes the scope as [Scope.String] does.
func (s Scope) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads one of [ScopeWords]; "" is Main.
func (s *Scope) UnmarshalText(text []byte) error {
	i := slices.Index(scopeWords, string(text))
	if i < 0 && len(text) > 0 {
		last := len(scopeWords) - 1
		return fmt.Errorf("the scope of a signal is %s or %s, not %.80q", strings.Join(scopeWords[:last], ", "), scopeWords[last], text)
	}
	*s = Scope(max(i, 0))
	return nil
}

// String writes the way as a file does: "drop-oldest".
func (w WhenFull) String() string { return wordOf(whenFullWords, uint8(w)) }

// MarshalText writes what String does.
func (w WhenFull) MarshalText() ([]byte, error) { return []byte(w.String()), nil }

// UnmarshalText reads it.
func (w *WhenFull) UnmarshalText(text []byte) error { return parseWord(whenFullWords, text, w) }

// String writes the mode as a file does: "prefix".
func (m LogMode) String() string { return wordOf(logModeWords, uint8(m)) }

// String writes the format as a file does: "json". AutoFormat is "".
func (f LogFormat) String() string { return wordOf(formatWords, uint8(f)) }

// String writes the outcome as a file does: an exit code, or the name of a signal.
func (o Outcome) String() string {
	if o.Signal != 0 {
		return o.Signal.String()
	}
	return strconv.Itoa(o.Code)
}
