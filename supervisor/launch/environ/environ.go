package environ

import (
	"path"
	"strings"
)

// Inherited is the environment that the supervisor was started with, taken apart. It never
// changes, and may be used by several goroutines at once.
type Inherited struct {
	entries []entry
	index   map[string]int // by name
	cwd     string
}

type entry struct {
	name, text string // text is NAME=value
	class      Class
}

// New takes an environment apart, NAME=value each, that of a process of user uid. cwd is its
// working directory, "" if that is not known.
func New(environ []string, uid uint32, cwd string) *Inherited {
	i := &Inherited{index: make(map[string]int, len(environ)), cwd: cwd}
	home, _ := Lookup(environ, "HOME")
	for _, text := range environ {
		name, value, _ := strings.Cut(text, "=")
		if _, taken := i.index[name]; !taken {
			i.index[name] = len(i.entries)
			i.entries = append(i.entries, entry{name, text, class(name, value, home, uid)})
		}
	}
	return i
}

// Recipient is a process that is to be started.
type Recipient struct {
	// Own are variables that go before what is inherited, and of which the first of a name
	// counts.
	Own []string
	// AnotherUser says that it does not run as the supervisor's user.
	AnotherUser bool
	// Directory is where it starts, "" for the supervisor's working directory.
	Directory string
	// OwnStreams says that its standard error is the supervisor's own, which is what
	// JOURNAL_STREAM is about.
	OwnStreams bool
}

// For puts an environment together.
func (i *Inherited) For(r *Recipient) []string {
	env := make([]string, 0, len(r.Own)+len(i.entries)+1)
	hidden := make([]bool, len(i.entries))
	for _, text := range r.Own {
		name, _, _ := strings.Cut(text, "=")
		if _, taken := Lookup(env, name); taken {
			continue
		}
		env = append(env, text)
		if at, ok := i.index[name]; ok {
			hidden[at] = true
		}
	}
	for at, e := range i.entries {
		if !hidden[at] && i.gets(r, e) {
			env = append(env, e.text)
		}
	}
	return i.withDirectory(env, r)
}

// Passed returns those of some variables that the supervisor has, whomever they are about, for
// Recipient.Own.
func (i *Inherited) Passed(names []string) []string {
	var passed []string
	for _, name := range names {
		if at, ok := i.index[name]; ok {
			passed = append(passed, i.entries[at].text)
		}
	}
	return passed
}

// gets reports whether a recipient gets a variable.
func (i *Inherited) gets(r *Recipient, e entry) bool {
	switch e.class {
	case Plain:
		return true
	case Protocol:
		return r.OwnStreams && e.name == "JOURNAL_STREAM"
	case Person:
		return !r.AnotherUser
	case Shell:
	}
	return false
}

// withDirectory adds PWD, unless it is there: the directory that the recipient starts in. It
// is left out if nobody has asked for either, and if the kernel might go elsewhere by that
// name: with a link before it, ".." does not lead back.
func (i *Inherited) withDirectory(env []string, r *Recipient) []string {
	const name = "PWD"
	_, inherited := i.index[name]
	if _, there := Lookup(env, name); there || r.Directory == "" && !inherited {
		return env
	}
	dir := r.Directory
	if dir == "" {
		dir = i.cwd
	}
	if !path.IsAbs(dir) || path.Clean(dir) != dir {
		return env
	}
	return append(env, name+"="+dir)
}

// Lookup finds a variable in an environment.
func Lookup(env []string, name string) (value string, ok bool) {
	for _, text := range env {
		if rest, ok := strings.CutPrefix(text, name); ok && strings.HasPrefix(rest, "=") {
			return rest[1:], true
		}
	}
	return "", false
}
