package config

import (
	"sync"

	"supervise/signals"
)

// Source is the text of a file that was read, to say at which place of it something is wrong
// that this package does not look for: whether a program is there, for example.
type Source struct {
	text string
	root *node
}

// Remark is something that was found about a key.
type Remark struct {
	// Key are the names that lead to the key: "service", "web", "log", "file". Where it is not
	// in the file, because its default counts, the place is the innermost table that is.
	Key           []string
	Message, Hint string
}

// LoadSource is [Load], and returns the source, too. If nothing is wrong with the file except
// that the host lacks users or groups, it returns all three: the file, the source and the
// error.
func LoadSource(path string, host Host) (*File, *Source, error) {
	data, err := read(path)
	if err != nil {
		return nil, nil, err
	}
	return parse(path, data, host)
}

// parse is Parse, and LoadSource for what was read.
func parse(name string, data []byte, host Host) (*File, *Source, error) {
	return parseWith(name, data, host, &checker{})
}

// parseWith is parse by a checker that knows what is wanted.
func parseWith(name string, data []byte, host Host, c *checker) (*File, *Source, error) {
	failed := func(text string, findings []finding) error {
		return &Error{File: name, Problems: locate(text, findings)}
	}
	text, f := decode(data)
	if f != nil {
		return nil, nil, failed(text, []finding{*f})
	}
	s := scan(text)
	if s.refused != nil {
		return nil, nil, failed(text, []finding{*s.refused})
	}
	values, findings := readValues(text, s)
	if values == nil {
		return nil, nil, failed(text, findings)
	}
	s.root.attach(values)

	c.name, c.source, c.reference, c.problems = name, text, sync.OnceValue(Reference), findings
	c.users, c.groups = newAccounts(host)
	file := readFile(c, s.root)
	if len(c.problems) > c.unknownAccounts {
		return nil, nil, failed(text, c.problems)
	}
	file.Path, file.Warnings = name, locate(text, c.warnings)
	ownStrings(file)
	if len(c.problems) > 0 {
		return file, &Source{text, s.root}, failed(text, c.problems)
	}
	return file, &Source{text, s.root}, nil
}

// Locate returns remarks as problems, in the order of their lines.
func (s *Source) Locate(remarks []Remark) []Problem {
	findings := make([]finding, len(remarks))
	for i, r := range remarks {
		n := s.find(r.Key)
		at := n.val
		if n.kind == array && len(n.children) > 0 {
			at = n.children[0].val // of a command, the program
		}
		findings[i] = finding{at, n.path(), r.Message, r.Hint}
	}
	return locate(s.text, findings)
}

// find returns the node of a key, or of the innermost table on the way that there is.
func (s *Source) find(key []string) *node {
	n := s.root
	for _, name := range key {
		child := n.child(name)
		if child == nil && n.parent == s.root && n.name == "signals" {
			child = n.childOfSignal(name)
		}
		if child == nil {
			break
		}
		n = child
	}
	return n
}

// childOfSignal is child for the name of a signal, of which there may be several.
func (n *node) childOfSignal(name string) *node {
	signal, err := signals.Parse(name)
	for _, c := range n.children {
		if s, e := signals.Parse(c.name); err == nil && e == nil && s == signal {
			return c
		}
	}
	return nil
}
