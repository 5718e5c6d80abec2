package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"supervise/coredump/order"
)

// The words of a file, each at the index of its constant in spec.go.
var (
	ruleWords      = []string{"forward", "shutdown", "shutdown-now", "ignore"}
	verbWords      = []string{"", "start", "stop", "restart", "reload", "pause", "continue", "update", "run", "reopen"} // the zero Verb is not a command
	policyWords    = []string{"on-failure", "always", "never"}
	scopeWords     = []string{"main", "group", "tree"}
	whenFullWords  = []string{"wait", "drop-oldest", "drop-newest"}
	logModeWords   = []string{"prefix", "inherit", "file", "discard"}
	compressWords  = []string{"none", "gzip"}
	whenStuckWords = []string{"wait", "drop"}
	formatWords    = []string{"", "text", "json"} // AutoFormat has no word
	collectWords   = []string{"off", "auto", "socket", "pipe", "files"}
	recorderWords  = []string{"auto", "off"}
	typeWords      = []string{"run", "once"}
	untilWords     = []string{"ready", "started"}
	onLossWords    = []string{"keep", "restart", "stop"}
	startupWords   = []string{"disabled", "enabled"}

	captureWords      = []string{string(order.Mini), string(order.Full), string(order.MiniAndFull), string(order.Nothing)}
	coreCompressWords = []string{string(order.Zstd), string(order.Inline), string(order.NoCompression)}
)

func wordOf(words []string, number uint8) string {
	if int(number) < len(words) {
		return words[number]
	}
	return strconv.Itoa(int(number))
}

// parseWord parses one of some words into its constant.
func parseWord[T ~uint8](words []string, text []byte, into *T) error {
	i := slices.Index(words, string(text))
	if i < 0 {
		return fmt.Errorf("%q is not one of %s", text, oneOf(words))
	}
	*into = T(i)
	return nil
}

// String returns the way as in a file: "socket".
func (w Collect) String() string { return wordOf(collectWords, uint8(w)) }

// MarshalText returns what String does.
func (w Collect) MarshalText() ([]byte, error) { return []byte(w.String()), nil }

// UnmarshalText parses what String returns.
func (w *Collect) UnmarshalText(text []byte) error { return parseWord(collectWords, text, w) }

// String returns the word as in a file: "auto".
func (r Recorder) String() string { return wordOf(recorderWords, uint8(r)) }

// MarshalText returns what String does.
func (r Recorder) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText parses what String returns.
func (r *Recorder) UnmarshalText(text []byte) error { return parseWord(recorderWords, text, r) }

// String returns the type as in a file: "once".
func (t Type) String() string { return wordOf(typeWords, uint8(t)) }

// MarshalText returns what String does.
func (t Type) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText parses what String returns.
func (t *Type) UnmarshalText(text []byte) error { return parseWord(typeWords, text, t) }

// String returns the word as in a file: "ready".
func (u Until) String() string { return wordOf(untilWords, uint8(u)) }

// MarshalText returns what String does.
func (u Until) MarshalText() ([]byte, error) { return []byte(u.String()), nil }

// UnmarshalText parses what String returns.
func (u *Until) UnmarshalText(text []byte) error { return parseWord(untilWords, text, u) }

// String returns the word as in a file: "keep".
func (o OnLoss) String() string { return wordOf(onLossWords, uint8(o)) }

// MarshalText returns what String does.
func (o OnLoss) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// UnmarshalText parses what String returns.
func (o *OnLoss) UnmarshalText(text []byte) error { return parseWord(onLossWords, text, o) }

// String returns the rule as in a file: "shutdown".
func (r Rule) String() string { return wordOf(ruleWords, uint8(r)) }

// MarshalText returns what String does.
func (r Rule) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText parses what String returns.
func (r *Rule) UnmarshalText(text []byte) error { return parseWord(ruleWords, text, r) }

// String returns the verb as in a file: "restart". That of the zero Verb is "".
func (v Verb) String() string { return wordOf(verbWords, uint8(v)) }

// NamesServices reports whether the verb is about services, and not about the supervisor.
func (v Verb) NamesServices() bool {
	switch v {
	case CommandStart, CommandStop, CommandRestart, CommandReload, CommandPause, CommandContinue, CommandReopen:
		return true
	case CommandUpdate, CommandRun:
	}
	return false
}

// MarshalText returns what String does.
func (v Verb) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText parses what String returns.
func (v *Verb) UnmarshalText(text []byte) error { return parseWord(verbWords, text, v) }

// String returns the command as in a file: { restart = "worker" }.
func (c Command) String() string {
	switch {
	case c.Verb == CommandUpdate && c.File == "", c.Verb == CommandReopen && c.All():
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

// All reports whether the command is about all services.
func (c Command) All() bool { return c.Verb == CommandReopen && !c.FromValue && len(c.Services) == 0 }

// quoteAll writes an array of strings.
func quoteAll(texts []string) string {
	quoted := make([]string, len(texts))
	for i, text := range texts {
		quoted[i] = strconv.Quote(text)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

// String returns the policy as in a file: "on-failure".
func (p Policy) String() string { return wordOf(policyWords, uint8(p)) }

// MarshalText returns what String does.
func (p Policy) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText parses what String returns.
func (p *Policy) UnmarshalText(text []byte) error { return parseWord(policyWords, text, p) }

// String returns the scope as in a file: "main".
func (s Scope) String() string { return wordOf(scopeWords, uint8(s)) }

// ScopeWords are the words of all scopes, in a file as on the command line.
func ScopeWords() []string { return slices.Clone(scopeWords) }

// MarshalText returns what [Scope.String] does.
func (s Scope) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText parses one of [ScopeWords]; "" is Main.
func (s *Scope) UnmarshalText(text []byte) error {
	i := slices.Index(scopeWords, string(text))
	if i < 0 && len(text) > 0 {
		last := len(scopeWords) - 1
		return fmt.Errorf("the scope of a signal is %s or %s, not %.80q", strings.Join(scopeWords[:last], ", "), scopeWords[last], text)
	}
	*s = Scope(max(i, 0))
	return nil
}

// String returns the word as in a file: "drop-oldest".
func (w WhenFull) String() string { return wordOf(whenFullWords, uint8(w)) }

// MarshalText returns what String does.
func (w WhenFull) MarshalText() ([]byte, error) { return []byte(w.String()), nil }

// UnmarshalText parses what String returns.
func (w *WhenFull) UnmarshalText(text []byte) error { return parseWord(whenFullWords, text, w) }

// String returns the mode as in a file: "prefix".
func (m LogMode) String() string { return wordOf(logModeWords, uint8(m)) }

// String returns the word as in a file: "gzip".
func (c Compression) String() string { return wordOf(compressWords, uint8(c)) }

// String returns the word as in a file: "drop".
func (w WhenStuck) String() string { return wordOf(whenStuckWords, uint8(w)) }

// String returns the format as in a file: "json". AutoFormat is "".
func (f LogFormat) String() string { return wordOf(formatWords, uint8(f)) }

// String returns the outcome as in a file: an exit code, or the name of a signal.
func (o Outcome) String() string {
	if o.Signal != 0 {
		return o.Signal.String()
	}
	return strconv.Itoa(o.Code)
}
