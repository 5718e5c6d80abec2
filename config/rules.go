package config

import (
	"slices"
	"strconv"
	"strings"

	"supervise/signals"
)

// wordsOfRules are the words of rules, and then of the commands that are a word.
func wordsOfRules() []string {
	return append(slices.Clone(ruleWords), CommandUpdate.String(), CommandReopen.String())
}

func ruleEntries() []Entry {
	list := []Entry{{
		Path: "SIGNAL", Takes: oneOf(wordsOfRules()) + ", or a table with one verb",
		Default: `SIGTERM = "shutdown", SIGINT = "shutdown", SIGQUIT = "shutdown-now"`,
		Doc: `any signal except SIGKILL, SIGSTOP and SIGCHLD; "update" reads this file again and applies what has changed, "reopen" opens all log files anew that were moved away. ` +
			"SIGHUP without a rule does the same, or is forwarded if a service forwards it; " +
			"but a SIGHUP because the supervisor's terminal was closed is a shutdown",
	}}
	for _, e := range entries(commandFields) {
		e.Path = "SIGNAL." + e.Path
		list = append(list, e)
	}
	return list
}

func readRules(c *checker, n *node, into *top) {
	if n.kind != table {
		c.wrongType(n, "a table", "write [signals]")
		return
	}
	seen := map[signals.Signal]*node{}
	for _, child := range n.children {
		s, ok := c.signalKey(child)
		ok = ok && c.receivable(child, s) && c.once(child, s, seen)
		rule, command := c.rule(child)
		if !ok {
			continue
		}
		into.said = into.said.With(s)
		delete(into.file.Signals, s)
		switch {
		case command.Verb != 0:
			into.file.Commands[s] = command
		case rule != Forward:
			into.file.Signals[s] = rule
		}
	}
}

// rule reads what a signal does: a word, or a table that commands.
func (c *checker) rule(n *node) (Rule, Command) {
	if n.kind == table {
		return 0, c.command(n)
	}
	text, _ := n.value.(string)
	if verb, _, _ := strings.Cut(text, " "); !slices.Contains(wordsOfRules(), text) && slices.Contains(verbs(), verb) {
		hint := "write " + c.example(verb)
		if verb == CommandReload.String() {
			hint += `, or "update" to read this file again`
		}
		c.wrong(n, hint, "%s must be %s, or a table, not %s", n.label(), oneOf(wordsOfRules()), quote(text))
		return 0, Command{}
	}
	word, ok := c.word(n, wordsOfRules(), "stop=shutdown exit=shutdown terminate=shutdown kill=shutdown-now none=ignore drop=ignore "+
		"pass=forward default=forward reread=update reconfigure=update reload-config=update rotate=reopen logrotate=reopen")
	switch {
	case ok && word == len(ruleWords):
		return 0, Command{Verb: CommandUpdate}
	case ok && word > len(ruleWords):
		return 0, Command{Verb: CommandReopen}
	}
	return Rule(word), Command{}
}

// rule returns what a signal does as a file has it.
func (f *File) rule(s signals.Signal) string {
	if command, ok := f.Commands[s]; ok {
		return command.String()
	}
	return strconv.Quote(f.Signals[s].String())
}

// forwards reports whether a signal is forwarded to any service.
func (f *File) forwards(s signals.Signal) bool {
	return slices.ContainsFunc(f.Services, func(service Service) bool { return service.Signals.Forward[s] != 0 })
}
