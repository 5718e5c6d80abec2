package config

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"supervise/signals"
)

// defaultService is a service of which only the name is known.
func defaultService(name string) Service {
	return Service{
		Name:    name,
		Enabled: true,
		Restart: Restart{
			Policy: OnFailure, Delay: 500 * time.Millisecond, Factor: 2, MaxDelay: 30 * time.Second,
			Jitter: 0.1, ResetAfter: 30 * time.Second,
			Success: []Outcome{{Code: 0}, {Signal: signals.SIGTERM}},
		},
		Stop:    Stop{Ladder: []Rung{{Signal: signals.SIGTERM, Scope: Main, Timeout: 10 * time.Second}}},
		Signals: Signals{Queue: Queue{Limit: 4096, WhenFull: Wait}},
		Log:     Log{Mode: Prefix, MaxSize: 10e6, Keep: 5},
	}
}

var serviceFields = []field[Service]{
	{
		name: "command", aliases: "cmd exec exec-start execstart run program args argv entrypoint", takes: "an array of strings, or a string",
		doc:  "the program and its arguments; a string is split by the quoting rules of the shell, and nothing in it is expanded",
		read: readCommand,
	},
	{
		name: "directory", aliases: "cwd dir workdir work-dir working-dir working-directory chdir", takes: "an absolute path",
		doc:  "the working directory; without it the supervisor's",
		read: func(c *checker, n *node, into *Service) { c.absolute(n, &into.Directory) },
	},
	{
		name: "environment", aliases: "env envs vars variables", takes: "a table of NAME = string",
		doc:  "variables added to the supervisor's own, or put in their place",
		read: readEnvironment,
	},
	{
		name: "environment-file", aliases: "env-file envfile dotenv", takes: "an absolute path",
		doc:  "a file of NAME=value lines, read at each start",
		read: func(c *checker, n *node, into *Service) { c.absolute(n, &into.EnvironmentFile) },
	},
	{
		name: "user", aliases: "uid run-as runas", takes: "a name or a number",
		doc:  "the user to run as; without it the supervisor's",
		read: func(c *checker, n *node, into *Service) { c.account(n, &c.users, &into.User) },
	},
	{
		name: "group", aliases: "gid", takes: "a name or a number",
		doc:  "the group to run as; without it the user's, or the supervisor's",
		read: func(c *checker, n *node, into *Service) { c.account(n, &c.groups, &into.Group) },
	},
	{
		name: "umask", takes: "an octal number in quotes",
		doc:  "the file mode creation mask, 000 to 777; without it the supervisor's",
		read: readUmask,
	},
	{
		name: "startup", aliases: "autostart auto-start start enabled enable", takes: `"enabled" or "disabled"`, initial: `"enabled"`,
		doc: "whether the service is started with the supervisor",
		read: func(c *checker, n *node, into *Service) {
			if word, ok := c.word(n, startupWords, "no=disabled off=disabled false=disabled manual=disabled yes=enabled on=enabled true=enabled auto=enabled automatic=enabled"); ok {
				into.Enabled = word == 1
			}
		},
	},
	{
		name: "restart", aliases: "autorestart auto-restart respawn backoff restart-sec restart-delay restart-policy", takes: "a table",
		doc:    "when and how fast the service is started again",
		read:   func(c *checker, n *node, into *Service) { readRestart(c, n, &into.Restart) },
		inside: func() []Entry { return entries(restartFields) },
	},
	{
		name: "stop", aliases: "kill shutdown stop-signal stopsignal kill-signal killsignal stop-timeout kill-timeout", takes: "a table",
		doc:    "how the service is stopped",
		read:   func(c *checker, n *node, into *Service) { readStop(c, n, &into.Stop) },
		inside: func() []Entry { return entries(stopFields) },
	},
	{
		name: "signals", aliases: "sig mask", takes: "a table",
		doc:    "the signals of the service",
		read:   func(c *checker, n *node, into *Service) { readSignals(c, n, &into.Signals) },
		inside: func() []Entry { return entries(signalsFields) },
	},
	{
		name: "core", aliases: "coredump core-dump dump coredump-filter limit-core limitcore", takes: "a table",
		doc:    "the core dumps of the service",
		read:   func(c *checker, n *node, into *Service) { readCore(c, n, &into.Core) },
		inside: func() []Entry { return entries(coreFields) },
	},
	{
		name: "log", aliases: "logging output stdout stderr logfile log-file stdout-logfile", takes: "a table",
		doc:    "what becomes of the output of the service",
		read:   func(c *checker, n *node, into *Service) { readLog(c, n, &into.Log) },
		inside: func() []Entry { return entries(logFields) },
	},
}

func readCommand(c *checker, n *node, into *Service) {
	var words []string
	if line, ok := n.value.(string); ok {
		if !c.noNUL(n, line) {
			return
		}
		split, special, err := splitWords(line)
		if err != nil {
			c.wrong(n, `or write the arguments as an array: command = ["program", "argument"]`, "command cannot be split: %v", err)
			return
		}
		if special != "" {
			c.warn(n, fmt.Sprintf(`for a shell write command = ["sh", "-c", %s]`, quote(line)), "%s in command is passed on as it stands, because no shell reads it", quote(special))
		}
		words = split
	} else if n.kind == array {
		words = make([]string, 0, len(n.children))
		for _, element := range n.children {
			word, ok := element.value.(string)
			if !ok {
				c.wrongType(element, "a string", c.inQuotes(element))
			} else if c.noNUL(element, word) {
				words = append(words, word)
			}
		}
		if len(words) < len(n.children) {
			return
		}
	} else {
		c.wrongType(n, "an array of strings, or a string", `write command = ["program", "argument"]`)
		return
	}
	if len(words) == 0 {
		c.wrong(n, "its first word is the program", "command is empty")
		return
	}
	if words[0] == "" {
		at := n
		if n.kind == array {
			at = n.children[0]
		}
		c.wrong(at, "", "the program in command is empty")
		return
	}
	into.Command = words
}

// inQuotes is a hint for a value that should have been a string.
func (c *checker) inQuotes(n *node) string {
	if n.kind == scalar {
		return "write " + quote(c.raw(n))
	}
	return ""
}

func readEnvironment(c *checker, n *node, into *Service) {
	if n.kind != table {
		hint := `write environment = { NAME = "value" }`
		if name, value, ok := strings.Cut(firstText(n), "="); ok && name != "" {
			hint = fmt.Sprintf("write environment = { %s = %s }", keyText(name), quote(value))
		}
		c.wrongType(n, "a table", hint)
		return
	}
	into.Environment = make(map[string]string, len(n.children))
	for _, child := range n.children {
		if child.name == "" || strings.ContainsAny(child.name, "=\x00") {
			c.wrongKey(child, "environ(7): it is neither empty nor has = in it", "%s is no name for a variable", quote(child.name))
			continue
		}
		value, ok := child.value.(string)
		if !ok {
			c.wrongType(child, "a string", c.inQuotes(child))
		} else if c.noNUL(child, value) {
			into.Environment[child.name] = value
		}
	}
}

// firstText returns the text of n, or of its first element.
func firstText(n *node) string {
	if n.kind == array && len(n.children) > 0 {
		n = n.children[0]
	}
	text, _ := n.value.(string)
	return text
}

// readUmask takes octal digits only, and of TOML's integers only 0o22: without the 0o
// nobody can tell what 22 is meant to be.
func readUmask(c *checker, n *node, into *Service) {
	var mask uint64
	switch v := n.value.(type) {
	case int64:
		if v != 0 && !strings.HasPrefix(c.raw(n), "0o") {
			c.wrong(n, fmt.Sprintf("octal digits need quotes: \"%03d\"", max(v, 0)), "umask %d is a decimal number", v)
			return
		}
		mask = uint64(v)
	case string:
		var err error
		digits := strings.TrimPrefix(v, "0o")
		if mask, err = strconv.ParseUint(digits, 8, 64); err != nil || digits == "" || strings.Contains(digits, "_") {
			c.wrong(n, `write three octal digits: "022"`, "umask %s is no octal number", quote(v))
			return
		}
	default:
		c.wrongType(n, "an octal number in quotes", `write "022"`)
		return
	}
	if mask > 0o777 {
		c.wrong(n, `the most is "777"`, "umask %o has bits that mean nothing", mask)
		return
	}
	into.Umask = Umask{Set: true, Mask: uint32(mask)}
}
