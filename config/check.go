package config

import (
	"fmt"
	"slices"
	"strings"

	"supervise/internal/guess"
)

// checker collects problems while a tree of nodes is read into a File.
type checker struct {
	source    string // the text of the file
	reference func() []Entry
	problems  []finding // make the file invalid
	warnings  []finding // do not

	users, groups accounts

	unknownAccounts int // so many of the problems are that the host lacks one of them

	logs     map[string]logFile   // log files by path, to find two services with the same one
	numbered map[string][]logFile // log files named like rotated ones, by the name before the number
	signals  []string             // the names of all, once they were needed
	services *node                // [service], nil if there is none
	guesses  int                  // how often a service name was guessed
	noneYet  bool                 // there may be no service

	name      string // of the file, as given
	relations []relationAt
}

// wrong reports the first problem with the value of n.
func (c *checker) wrong(n *node, hint, format string, args ...any) {
	if n.broken {
		return
	}
	n.broken = true
	c.problems = append(c.problems, finding{n.val, n.path(), fmt.Sprintf(format, args...), hint})
}

// wrongKey reports a problem with the key of n.
func (c *checker) wrongKey(n *node, hint, format string, args ...any) {
	c.problems = append(c.problems, finding{n.key, n.path(), fmt.Sprintf(format, args...), hint})
}

// warn reports something that is allowed but does not do what it seems to say.
func (c *checker) warn(n *node, hint, format string, args ...any) {
	c.warnings = append(c.warnings, finding{n.key, n.path(), fmt.Sprintf(format, args...), hint})
}

// wrongType reports a value of a type that its key does not take.
func (c *checker) wrongType(n *node, takes, hint string) {
	c.wrong(n, hint, "%s must be %s, not %s", n.label(), takes, n.is())
}

// raw returns the value of n as in the file.
func (c *checker) raw(n *node) string { return c.source[n.val.start:n.val.end] }

// label names n in a message: its key, or its array's key and its index.
func (n *node) label() string {
	if n.parent != nil && (n.parent.kind == array || n.parent.kind == tables) {
		return fmt.Sprintf("%s[%d]", n.parent.label(), n.position)
	}
	return shorten(keyText(n.name))
}

// field is one key of a table with fixed keys. T is what the table is read into.
type field[T any] struct {
	name    string
	aliases string // its names in other programs, separated by blanks
	takes   string // in words
	initial string // the default as TOML; "" if there is none
	doc     string
	read    func(c *checker, n *node, into *T)
	inside  func() []Entry // of a table with fixed keys
}

// readTable reads the table n into a struct. It returns false if n is not a table, and the
// keys that are present, or were meant by misspelt ones.
func readTable[T any](c *checker, n *node, example string, fields []field[T], into *T) (map[string]bool, bool) {
	if n.kind != table {
		c.wrongType(n, "a table", "write "+example)
		return nil, false
	}
	there := map[string]bool{}
	for _, child := range n.children {
		i := slices.IndexFunc(fields, func(f field[T]) bool { return f.name == child.name })
		if i < 0 {
			there[unknownKey(c, n, child, fields)] = true
			continue
		}
		there[child.name] = true
		fields[i].read(c, child, into)
	}
	return there, true
}

// unknownKey reports a key that its table does not have, with a hint at what was meant. It
// returns the key of the same table that was probably meant, if any.
func unknownKey[T any](c *checker, n, child *node, fields []field[T]) string {
	names := make([]string, len(fields))
	near, fits := "", false
	for i, f := range fields {
		names[i] = f.name
	}
	if near = guess.Word(child.name, names); near == "" {
		near = byAlias(child.name, fields)
	}
	for _, f := range fields {
		if f.name == near {
			fits = (f.inside != nil) == (child.kind == table)
		}
	}
	elsewhere := c.elsewhere(child)
	switch {
	case n.isService() && child.kind == table && child.child("command") != nil:
		c.unknown(child, "a name with a dot in it needs quotes: [service.%s]", quote(n.name+"."+child.name))
		return "command"
	case near != "" && (fits || elsewhere == ""):
		c.unknown(child, "did you mean %q?", near)
		return near
	case elsewhere != "":
		c.unknown(child, "%s", elsewhere)
	default:
		c.unknown(child, "known are %s", strings.Join(names, ", "))
	}
	return ""
}

func (c *checker) unknown(n *node, hint string, args ...any) {
	what, where := "key", ""
	if n.kind == table || n.kind == tables {
		what = "table"
	}
	if path := n.parent.path(); path != "" {
		where = " in [" + shorten(path) + "]"
	}
	c.wrongKey(n, fmt.Sprintf(hint, args...), "unknown %s %s%s", what, quote(n.name), where)
}

func byAlias[T any](name string, fields []field[T]) string {
	name = strings.ReplaceAll(strings.ToLower(name), "_", "-")
	for _, f := range fields {
		if slices.Contains(strings.Fields(f.aliases), name) {
			return f.name
		}
	}
	return ""
}

// elsewhere says in which other tables an unknown key would be valid.
func (c *checker) elsewhere(n *node) string {
	service := "NAME"
	for up := n; up.parent != nil; up = up.parent {
		if up.isService() {
			service = keyText(up.name)
		}
	}
	var places []string
	for _, e := range c.reference() {
		dot := strings.LastIndexByte(e.Path, '.')
		if e.Path[dot+1:] != n.name || strings.Contains(n.name, "NAME") || strings.HasPrefix(e.Path, "signals.SIGNAL.") {
			continue
		}
		above := e.Path[:max(dot, 0)]
		if above == "" {
			continue
		}
		place := "[" + strings.Replace(above, "service.NAME", "service."+service, 1) + "]"
		if strings.HasSuffix(above, "[]") {
			place = "an element of " + strings.TrimSuffix(above[strings.LastIndexByte(above, '.')+1:], "[]")
		}
		places = append(places, place)
	}
	if len(places) == 0 {
		return ""
	}
	return fmt.Sprintf("%q belongs in %s", n.name, strings.Join(places, " or "))
}

// missing reports a key that a table must have.
func (c *checker) missing(n *node, key, hint string) {
	c.wrongKey(n, hint, "%s has no %s", n.describe(), key)
}

// isService reports whether n is one of the tables in [service].
func (n *node) isService() bool {
	return n.parent != nil && n.parent.parent != nil && n.parent.parent.parent == nil && n.parent.name == "service"
}

// describe names a table in a message.
func (n *node) describe() string {
	if n.isService() {
		return "service " + quote(n.name)
	}
	return n.label()
}
