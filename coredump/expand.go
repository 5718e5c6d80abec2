package coredump

import (
	"errors"
	"slices"
	"strings"
)

// Facts are the values of specifiers for one crash, as the kernel knows them: the executable's
// path with its slashes. PIDFD needs none.
type Facts map[Specifier]string

// pidfdNumber is the descriptor that a pipe's program finds the pidfd at.
const pidfdNumber = "3"

// Expand returns what the kernel makes of the pattern: the path of a file or a socket, or the
// arguments of a program, which is the first. A path that is not absolute is relative to the
// working directory of the process. usesPID is kernel.core_uses_pid.
//
// It fails if a fact is missing that the pattern asks for.
func (p Pattern) Expand(facts Facts, usesPID bool) (words []string, err error) {
	var missing []string
	value := func(s Specifier) string {
		if text, ok := p.value(s, facts); ok {
			return text
		}
		if !slices.Contains(missing, s.String()) {
			missing = append(missing, s.String())
		}
		return ""
	}
	for _, word := range p.Words {
		text := ""
		for _, part := range word {
			if part.IsText {
				text += part.Text
			} else {
				text += value(part.Specifier)
			}
		}
		words = append(words, text)
	}
	if p.appendsPID(usesPID) {
		if len(words) == 0 {
			words = []string{""}
		}
		words[0] += "." + value(PID)
	}
	if len(missing) > 0 {
		return nil, errors.New("core pattern " + p.text + " cannot be expanded without " + strings.Join(missing, ", "))
	}
	return words, nil
}

// appendsPID: core_uses_pid is only for files, and only without %p.
func (p Pattern) appendsPID(usesPID bool) bool {
	return usesPID && p.Kind == File && !p.Has(PID)
}

// Glob returns a pattern of path.Match that the paths of all cores match which agree with the
// facts: what is not in them may be anything. It is for files only.
func (p Pattern) Glob(facts Facts, usesPID bool) string {
	glob := ""
	add := func(s Specifier) {
		text, ok := p.value(s, facts)
		switch {
		case ok:
			glob += escapeGlob(text)
		case strings.IndexByte(numeric, byte(s)) >= 0:
			glob += "[0-9]*"
		default:
			glob += "*"
		}
	}
	for _, word := range p.Words[:min(len(p.Words), 1)] {
		for _, part := range word {
			if part.IsText {
				glob += escapeGlob(part.Text)
			} else {
				add(part.Specifier)
			}
		}
	}
	if p.appendsPID(usesPID) {
		glob += "."
		add(PID)
	}
	return glob
}

// value is what a specifier expands to.
func (p Pattern) value(s Specifier, facts Facts) (text string, ok bool) {
	switch {
	case !s.Known():
		return "", true
	case s == PIDFD && p.Kind == Pipe:
		return pidfdNumber, true
	case s == PIDFD:
		return "", true
	case s == ExecutableName:
		// The kernel takes the last element of the path before it replaces the slashes.
		path, given := facts[Executable]
		if name, own := facts[s]; own {
			path, given = name, true
		}
		return Sanitize(path[strings.LastIndexByte(path, '/')+1:]), given
	}
	text, ok = facts[s]
	if ok && strings.IndexByte(texts, byte(s)) >= 0 {
		text = Sanitize(text)
	}
	return text, ok
}

// Sanitize returns a name as the kernel puts it into the path of a core: with '!' for each
// slash, and so that it is neither empty nor one of the names of directories, "." and "..".
// cn_esc_printf in fs/coredump.c.
func Sanitize(name string) string {
	switch name {
	case "", ".":
		return "!"
	case "..":
		return "!."
	}
	return strings.ReplaceAll(name, "/", "!")
}

func escapeGlob(text string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(text)
}
