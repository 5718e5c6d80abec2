package config

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"supervise/internal/guess"
	"supervise/signals"
)

// top is what the tables of a file are read into.
type top struct {
	file *File
	said signals.Set // the signals with a rule in [signals]
}

var topFields = []field[top]{
	{
		name: "supervisor", aliases: "supervise daemon global main", takes: "a table",
		doc:    "the supervisor itself",
		read:   readSupervisor,
		inside: func() []Entry { return entries(supervisorFields) },
	},
	{
		name: "control", aliases: "ipc socket fifo inet-http-server unix-http-server ctl", takes: "a table",
		doc:    "who may command the supervisor: through its FIFOs and message queues, and who may read its board",
		read:   func(c *checker, n *node, into *top) { readControl(c, n, &into.file.Control) },
		inside: func() []Entry { return entries(controlFields) },
	},
	{
		name: "core", aliases: "cores coredump core-dump coredumps dumps crash crashes", takes: "a table",
		doc:    "the cores of processes that crash: whether, how and where they are kept; [cores.md](cores.md) tells of it",
		read:   func(c *checker, n *node, into *top) { readCollection(c, n, &into.file.Core) },
		inside: func() []Entry { return entries(collectionFields) },
	},
	{
		name: "signals", aliases: "handlers", takes: "a table of signal = rule",
		doc:    "what a signal to the supervisor does; a signal without a rule goes to the services that forward it",
		read:   readRules,
		inside: ruleEntries,
	},
	{
		name: "service", aliases: "program programs process processes unit units app apps job jobs", takes: "a table of NAME = table",
		doc:  "the services, started in the order of the file, as far as none has to wait for another one",
		read: readServices,
		inside: func() []Entry {
			list := entries(allServiceFields())
			for i := range list {
				list[i].Path = "NAME." + list[i].Path
			}
			return list
		},
	},
}

// readFile reads the whole tree. Its result is only valid if c has no problem afterwards.
func readFile(c *checker, root *node) *File {
	file := &File{
		Supervisor: Supervisor{ShutdownTimeout: 30 * time.Second, JournalSize: initialJournal},
		Control:    Control{Mode: ownerMode},
		Core:       defaultCollection(),
		Signals: map[signals.Signal]Rule{
			signals.SIGTERM: Shutdown,
			signals.SIGINT:  Shutdown,
			signals.SIGQUIT: ShutdownNow,
		},
		Commands: map[signals.Signal]Command{},
	}
	c.services = root.child("service")
	into, meant := top{file: file}, false
	for _, n := range root.children {
		meant = c.topTable(root, n, &into) == "service" || meant
	}
	if !meant && !c.noneYet {
		none := root
		if c.services != nil {
			none = c.services
		}
		c.wrongKey(none, `a service is a table such as [service.web] with a command = ["nginx", "-g", "daemon off;"]`, "no service is defined")
	}
	file.HangUp = !into.said.Has(signals.SIGHUP)
	if file.HangUp && !file.forwards(signals.SIGHUP) {
		file.Commands[signals.SIGHUP] = Command{Verb: CommandUpdate}
	}
	c.ownJournal(root, file.Supervisor.Journal)
	c.exitWith(root, file)
	c.checkOrder()
	c.withoutCollection(root, file)
	for i := range file.Services {
		c.checkForwards(root, &file.Services[i], file)
	}
	return file
}

// topTable reads one of the tables of a file. It returns "service" if there was at least one
// service in it, or was meant to be. It does not use readTable because an unknown table is
// often a service without the "service." in front.
func (c *checker) topTable(root, n *node, into *top) string {
	for _, f := range topFields {
		if f.name != n.name {
			continue
		}
		f.read(c, n, into)
		if n.kind == table && len(n.children) == 0 {
			return ""
		}
		return n.name
	}
	if n.kind == table && n.child("command") != nil {
		c.unknown(n, "did you mean [service.%s]?", shorten(keyText(n.name)))
		return "service"
	}
	return unknownKey(c, root, n, topFields)
}

var supervisorFields = []field[Supervisor]{
	{
		name: "runtime-dir", aliases: "rundir run-dir runtime-directory state-dir", takes: "an absolute path", initial: `""`,
		doc: "the directory of control and status; empty for $SUPERVISE_RUNTIME_DIR, else /run/supervise as root, else $XDG_RUNTIME_DIR/supervise, else /tmp/supervise-UID",
		read: func(c *checker, n *node, into *Supervisor) {
			if n.value != "" {
				c.absolute(n, &into.RuntimeDir)
			}
		},
	},
	{
		name: "shutdown-timeout", aliases: "stop-timeout timeout grace-period", takes: "a duration", initial: `"30s"`,
		doc: "how long all services together may take to stop before every one of their processes is killed; more than 0. Six seconds after that the shutdown ends, whatever is left: [control.md](control.md#a-shutdown-ends)",
		read: func(c *checker, n *node, into *Supervisor) {
			if c.duration(n, &into.ShutdownTimeout) && into.ShutdownTimeout == 0 {
				c.wrong(n, "0 would kill every service at once, as shutdown-now does", "%s must be more than 0", n.label())
			}
		},
	},
	{
		name: "exit-with", aliases: "exit-on exit-when exit-code-from abort-on-container-exit essential", takes: `the name of a service, "all" or "any-failed"`, initial: `""`,
		doc: "when supervise shuts down by itself, and its exit status says why: when this service has done its work or has failed, with its status; " +
			`"all": when every service has, with the status of the first in the file that has failed, else 0; "any-failed": when one has failed, with its status; empty for never`,
		read: func(c *checker, n *node, into *Supervisor) {
			if n.value != "" {
				c.text(n, "a name in quotes", &into.ExitWith)
			}
		},
	},
	{
		name: "journal", aliases: "journal-file record event-log audit-log history", takes: "an absolute path",
		doc: "a file of what happened and what was decided, for supervise replay, and for supervise why and events after a new start; " +
			"beside it FILE.1 has what was before",
		read: func(c *checker, n *node, into *Supervisor) { c.absolute(n, &into.Journal) },
	},
	{
		name: "journal-size", aliases: "journal-max-size max-journal-size", takes: "a size", initial: `"16MB"`,
		doc: "the size at which the journal becomes FILE.1 and a new one begins; at least 64KB",
		read: func(c *checker, n *node, into *Supervisor) {
			if c.size(n, &into.JournalSize); !n.broken && into.JournalSize < minJournal {
				c.wrong(n, "", "%s must be at least 64KB", n.label())
			}
		},
	},
	{
		name: "recorder", aliases: "record-signals signal-recorder tracer", takes: `"auto" or "off"`, initial: `"auto"`,
		doc: "whether it is recorded who sends signals to services, so that why, status and the log can name who killed one: " +
			"\"auto\" where the kernel permits it, with a BPF program that is loaded when the services run: [signals.md](signals.md#who-killed-it)",
		read: func(c *checker, n *node, into *Supervisor) {
			if word, ok := c.word(n, recorderWords, "true=auto yes=auto on=auto bpf=auto false=off no=off none=off"); ok {
				into.Recorder = Recorder(word)
			}
		},
	},
}

const (
	minJournal     = 64_000
	initialJournal = 16_000_000
)

// exitWith finds out whether the service is there with which supervise is to exit.
func (c *checker) exitWith(root *node, file *File) {
	name := file.Supervisor.ExitWith
	if name == "" || name == ExitWithAll || name == ExitWithAnyFailed {
		return
	}
	names := []string{ExitWithAll, ExitWithAnyFailed}
	for i := range file.Services {
		if names = append(names, file.Services[i].Name); file.Services[i].Name == name {
			return
		}
	}
	hint := "name a service of this file, or write \"all\" or \"any-failed\""
	if near := guess.Word(name, names); near != "" {
		hint = fmt.Sprintf("did you mean %q?", near)
	}
	c.wrong(root.child("supervisor").child("exit-with"), hint, "there is no service %s to exit with", quote(name))
}

func readSupervisor(c *checker, n *node, into *top) {
	readTable(c, n, "[supervisor]", supervisorFields, &into.file.Supervisor)
}

func readServices(c *checker, n *node, into *top) {
	if n.kind != table {
		c.wrongType(n, "a table", "write [service.NAME] with the name of the service")
		return
	}
	fields := allServiceFields()
	into.file.Services = slices.Grow(into.file.Services, len(n.children))
	for _, child := range n.children {
		if !c.serviceName(child) {
			continue
		}
		service := defaultService(child.name)
		there, ok := readTable(c, child, fmt.Sprintf("[%s]", child.path()), fields, &service)
		if ok && !there["command"] {
			c.missing(child, "command", `write command = ["program", "argument"]`)
		}
		c.warnOfProgram(child, &service)
		c.checkType(child, &service)
		into.file.Services = append(into.file.Services, service)
	}
}

// maxName is the longest name of a service, in bytes: it becomes part of file and cgroup
// names.
const maxName = 64

func (c *checker) serviceName(n *node) bool {
	problem := ""
	bad := strings.IndexFunc(n.name, func(r rune) bool { return !isLetterOrDigit(r) && !strings.ContainsRune("._-@", r) })
	switch {
	case n.name == "":
		problem = "the name of a service is empty"
	case bad >= 0:
		problem = fmt.Sprintf("the name %s has a character that the name of a service cannot have", quote(n.name))
	case !isLetterOrDigit(rune(n.name[0])):
		problem = fmt.Sprintf("the name %s does not begin with a letter or digit", quote(n.name))
	case len(n.name) > maxName:
		problem = fmt.Sprintf("the name %s is longer than %d bytes", quote(n.name), maxName)
	default:
		return true
	}
	c.wrongKey(n, "letters, digits and . _ - @ are allowed, the first a letter or digit, at most 64", "%s", problem)
	return false
}

func isLetterOrDigit(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
}
