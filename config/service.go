package config

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"supervise/signals"
)

// The lists of all services that set none of their own. They are never written to.
var (
	defaultSuccess = []Outcome{{Code: 0}, {Signal: signals.SIGTERM}}
	defaultLadder  = []Rung{{Signal: signals.SIGTERM, Scope: Main, Timeout: 10 * time.Second}}
)

// defaultService is a service of which only the name is known.
func defaultService(name string) Service {
	return Service{
		Name:    name,
		Enabled: true,
		UpAfter: 250 * time.Millisecond,
		Restart: Restart{
			Policy: OnFailure, Delay: 500 * time.Millisecond, Factor: 2, MaxDelay: 30 * time.Second,
			Jitter: 0.1, ResetAfter: 30 * time.Second,
			Success: defaultSuccess,
		},
		Stop:    Stop{Ladder: defaultLadder},
		Reload:  signals.SIGHUP,
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
		doc:  "the working directory; the default is the supervisor's",
		read: func(c *checker, n *node, into *Service) { c.absolute(n, &into.Directory) },
	},
	{
		name: "environment", aliases: "env envs vars variables", takes: "a table of NAME = string",
		doc:  "variables that are added to those that the service gets of the supervisor's own, or replace them; environment.md says which it gets",
		read: readEnvironment,
	},
	{
		name: "environment-file", aliases: "env-file envfile dotenv", takes: "an absolute path",
		doc: "a file of NAME=value lines, read at each start as systemd reads its EnvironmentFile= (environment.md says where it differs): as the supervisor, if root or its user owns it and all of its path; " +
			"else with the rights of the service's user, if that is another one",
		read: func(c *checker, n *node, into *Service) { c.absolute(n, &into.EnvironmentFile) },
	},
	{
		name: "pass-environment", aliases: "inherit-environment keep-environment passenvironment pass-env inherit-env", takes: "an array of names", initial: `[]`,
		doc:  "variables that are the supervisor's and not its services', such as NOTIFY_SOCKET, and that the service gets all the same if the supervisor has them",
		read: readPassEnvironment,
	},
	{
		name: "user", aliases: "uid run-as runas", takes: "a name or a number",
		doc:  "the user to run as; the default is the supervisor's",
		read: func(c *checker, n *node, into *Service) { c.account(n, &c.users, &into.User) },
	},
	{
		name: "group", aliases: "gid", takes: "a name or a number",
		doc:  "the group to run as; the default is the user's, or the supervisor's",
		read: func(c *checker, n *node, into *Service) { c.account(n, &c.groups, &into.Group) },
	},
	{
		name: "umask", takes: "an octal number in quotes",
		doc:  "the file mode creation mask, 000 to 777; the default is the supervisor's",
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
		name: "up-after", aliases: "startsecs start-seconds start-secs min-uptime minimum-uptime settle", takes: "a duration", initial: `"250ms"`,
		doc:  "how long the main process must have run before `start`, `restart`, `update` and `wait --for up` say that it is up; `0s` for at once",
		read: func(c *checker, n *node, into *Service) { c.duration(n, &into.UpAfter) },
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
		name: "reload", aliases: "reload-signal reloadsignal exec-reload execreload", takes: aName, initial: `"SIGHUP"`,
		doc: "the signal on which the program reads its own configuration again",
		read: func(c *checker, n *node, into *Service) {
			if s, ok := c.signal(n); ok && c.handled(n, s, n.name, "") {
				into.Reload = s
			}
		},
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
		doc:    "where the output of the service goes",
		read:   func(c *checker, n *node, into *Service) { readLog(c, n, &into.Log) },
		inside: func() []Entry { return entries(logFields) },
	},
}

// allServiceFields are the keys of a service.
func allServiceFields() []field[Service] { return slices.Concat(serviceFields, orderFields) }

func readCommand(c *checker, n *node, into *Service) {
	if words := c.argv(n); words != nil {
		into.Command = words
	}
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
			c.wrongKey(child, "environ(7): it must not be empty or contain =", "%s cannot be the name of a variable", quote(child.name))
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

func readPassEnvironment(c *checker, n *node, into *Service) {
	c.elements(n, "an array of names", func(element *node) {
		var name string
		if !c.text(element, "the name of a variable in quotes", &name) {
			return
		}
		if before, _, assigned := strings.Cut(name, "="); assigned {
			c.wrong(element, fmt.Sprintf("write %s, or put it into environment", quote(before)), "%s is no name for a variable", quote(name))
			return
		}
		into.PassEnvironment = append(into.PassEnvironment, name)
	})
}

// firstText returns the text of n, or of its first element.
func firstText(n *node) string {
	if n.kind == array && len(n.children) > 0 {
		n = n.children[0]
	}
	text, _ := n.value.(string)
	return text
}

func readUmask(c *checker, n *node, into *Service) {
	if mask, ok := c.octal(n, "022"); ok {
		into.Umask = Umask{Set: true, Mask: mask}
	}
}
