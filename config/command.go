package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"supervise/internal/guess"
)

// hookTimeout is how long a hook may run by default.
const hookTimeout = 30 * time.Second

// maxGuesses bounds how often a similar name is looked for: each time costs a look at all
// services.
const maxGuesses = 16

// commandTable is a rule in braces while it is read. What its verb takes depends on the other
// keys, so it is read after them.
type commandTable struct {
	verbs     []*node
	fromValue bool
	timeout   time.Duration
}

// verbs are the keys of which a rule in braces has exactly one.
func verbs() []string { return verbWords[CommandStart:] }

// serviceVerbs are the verbs that name services.
func serviceVerbs() (words []string) {
	for i, word := range verbWords {
		if Verb(i).NamesServices() {
			words = append(words, word)
		}
	}
	return words
}

// restart comes first because it is meant by words that are as similar to start.
var commandFields = []field[commandTable]{
	serviceVerb("restart", "stop the service, or all of an array, and start it again"),
	serviceVerb("start", "start it"),
	serviceVerb("stop", "stop it by its ladder"),
	serviceVerb("reload", "send it the signal on which it reads its own configuration again"),
	serviceVerb("pause", "suspend it by SIGSTOP"),
	serviceVerb("continue", "let it go on by SIGCONT"),
	serviceVerb("reopen", "open its log files anew, if they were moved away or removed"),
	{
		name: "service-from-value", aliases: "from-value service-index index", takes: "true or false", initial: "false",
		doc:  "with a verb that is true: the service is the one whose index in the list of status is the value of the signal",
		read: func(c *checker, n *node, into *commandTable) { c.boolean(n, &into.fromValue) },
	},
	{
		name: "update", aliases: "reread reconfigure config", takes: "an absolute path",
		doc: "read this other file, and apply what differs in it", read: readVerb,
	},
	{
		name: "run", aliases: "exec hook script execute spawn", takes: "an array of strings, or a string",
		doc: "run a program, absolute or to be found in PATH, with its arguments; no shell reads them", read: readVerb,
	},
	{
		name: "timeout", aliases: "run-timeout kill-after", takes: "a duration", initial: `"30s"`,
		doc: "how long the program of run may take before it is killed; more than 0",
		read: func(c *checker, n *node, into *commandTable) {
			if c.duration(n, &into.timeout) && into.timeout == 0 {
				c.wrong(n, "", "%s must be more than 0", n.label())
			}
		},
	},
}

func serviceVerb(name, doc string) field[commandTable] {
	return field[commandTable]{name: name, takes: "a service, an array of services, or true", doc: doc, read: readVerb}
}

func readVerb(_ *checker, n *node, into *commandTable) { into.verbs = append(into.verbs, n) }

// command reads a rule in braces.
func (c *checker) command(n *node) Command {
	if c.otherForm(n) {
		return Command{}
	}
	read := commandTable{timeout: hookTimeout}
	there, _ := readTable(c, n, "", commandFields, &read)
	if len(read.verbs) == 0 {
		if !slices.ContainsFunc(verbs(), func(verb string) bool { return there[verb] }) {
			c.noVerb(n, read.fromValue)
		}
		return Command{}
	}
	for _, second := range read.verbs[1:] {
		c.wrongKey(second, "", "a rule has one verb, and this one has %s", read.verbs[0].name)
	}
	verb := read.verbs[0]
	command := Command{Verb: Verb(slices.Index(verbWords, verb.name))}
	switch command.Verb {
	case CommandUpdate:
		if verb.value == true {
			c.wrong(verb, fmt.Sprintf(`for the same file write %s = "update"`, keyText(n.name)), "update must be a path in quotes, not a boolean")
		}
		c.absolute(verb, &command.File)
	case CommandRun:
		command.Argv, command.Timeout = c.hook(verb), read.timeout
	case CommandStart, CommandStop, CommandRestart, CommandReload, CommandPause, CommandContinue, CommandReopen:
		command.Services, command.FromValue = c.targets(verb, read.fromValue), read.fromValue
	}
	if other := n.child("service-from-value"); other != nil && !command.Verb.NamesServices() {
		c.wrongKey(other, "", "%v does not take a service", command.Verb)
	}
	if other := n.child("timeout"); other != nil && command.Verb != CommandRun {
		c.wrongKey(other, "", "only run has a timeout")
	}
	return command
}

// otherForm rejects { action = "restart", service = "worker" } and its like, and says how to
// write it.
func (c *checker) otherForm(n *node) bool {
	var at *node
	var verb, service string
	for _, child := range n.children {
		text := firstText(child)
		switch {
		case slices.Contains(serviceVerbs(), child.name) && child.value == true:
			verb = child.name
		case slices.Contains([]string{"action", "verb", "do", "command", "type"}, child.name) && slices.Contains(verbs(), text):
			verb, at = text, child
		case slices.Contains([]string{"service", "services", "name", "target"}, child.name) && text != "":
			service, at = text, child
		}
	}
	if at == nil || verb == "" {
		return false
	}
	rule := c.example(verb)
	switch {
	case !slices.Contains(serviceVerbs(), verb):
	case service != "":
		rule = fmt.Sprintf("{ %s = %s }", verb, quote(service))
	case n.child("service-from-value") != nil:
		rule = fromValue(verb)
	}
	c.wrongKey(at, "write "+rule, "the verb of a rule is its key, and its argument is the value")
	return true
}

// example is a rule with a verb and the first of the services.
func (c *checker) example(verb string) string {
	if !slices.Contains(serviceVerbs(), verb) {
		return map[string]string{"update": `{ update = "/path/to/file.toml" }`, "run": `{ run = ["program", "argument"] }`}[verb]
	}
	service := "NAME"
	if names := c.serviceNames(); len(names) > 0 {
		service = names[0]
	}
	return fmt.Sprintf("{ %s = %s }", verb, quote(service))
}

func fromValue(verb string) string {
	return fmt.Sprintf("{ %s = true, service-from-value = true }", verb)
}

func (c *checker) noVerb(n *node, isFromValue bool) {
	hint := "write " + c.example("restart")
	if isFromValue {
		hint = "write " + fromValue("restart")
	}
	c.wrong(n, hint, "the rule of %s has none of the verbs %s", n.label(), strings.Join(verbs(), ", "))
}

// hook reads a program that must not depend on where supervise was started.
func (c *checker) hook(n *node) []string {
	argv := c.argv(n)
	if argv != nil && argv[0][0] != '/' && strings.Contains(argv[0], "/") {
		c.wrong(n, "begin it with /, or leave out the directory for one in PATH", "the program %s in %s is not an absolute path", quote(argv[0]), n.name)
	}
	return argv
}

// targets reads the services of a verb. With isFromValue there must be none.
func (c *checker) targets(n *node, isFromValue bool) []string {
	inside := n.child("service-from-value")
	switch {
	case isFromValue && n.value == true:
		return nil
	case isFromValue:
		c.wrong(n, "write "+fromValue(n.name), "with service-from-value, %s must be true, because the signal says which service", n.name)
		return nil
	case inside != nil && inside.value == true:
		c.wrong(n, "write "+fromValue(n.name), "service-from-value goes next to %s, not into it", n.name)
		return nil
	case n.value == true:
		c.wrong(n, "write "+c.example(n.name)+" or "+fromValue(n.name), "%s = true does not say which service", n.name)
		return nil
	case n.kind != array:
		name, ok := n.value.(string)
		if !ok {
			c.wrongType(n, "a service, or an array of services", "write "+c.example(n.name))
			return nil
		}
		c.checkService(n, name)
		return []string{name}
	case len(n.children) == 0:
		c.wrong(n, "", "%s is empty", n.label())
	}
	names := make([]string, 0, len(n.children))
	seen := map[string]bool{}
	for _, element := range n.children {
		name, ok := element.value.(string)
		switch {
		case !ok:
			c.wrongType(element, "a service", c.inQuotes(element))
		case seen[name]:
			c.wrong(element, "", "service %s is listed twice", quote(name))
		default:
			c.checkService(element, name)
			names, seen[name] = append(names, name), true
		}
	}
	return names
}

// checkService rejects a service that the file does not have. A file without any is reported
// elsewhere.
func (c *checker) checkService(n *node, name string) {
	if c.services == nil || c.services.kind != table || c.services.child(name) != nil {
		return
	}
	hint := ""
	if c.guesses++; c.guesses <= maxGuesses {
		names := c.serviceNames()
		if near := guess.Word(name, names); near != "" {
			hint = "did you mean " + strconv.Quote(near) + "?"
		} else if len(names) <= 8 {
			hint = "known are " + shorten(strings.Join(names, ", "))
		}
	}
	c.wrong(n, hint, "unknown service %s", quote(name))
}

// serviceNames lists the services in the order of the file.
func (c *checker) serviceNames() []string {
	if c.services == nil {
		return nil
	}
	names := make([]string, len(c.services.children))
	for i, n := range c.services.children {
		names[i] = n.name
	}
	return names
}
