package launch

import (
	"maps"
	"slices"
	"strings"
)

// environment returns the environment of a service. In order of precedence it consists of the
// marks, the variables of the service's settings, those of its environment file, those of
// its user, and the supervisor's.
func (l *Launcher) environment(service *Service) ([]string, error) {
	own := slices.Clone(service.Marks)
	for _, name := range slices.Sorted(maps.Keys(service.Config.Environment)) {
		own = append(own, name+"="+service.Config.Environment[name])
	}
	if file := service.Config.EnvironmentFile; file != "" {
		entries, err := readEnvironmentFile(file, service.Identity.Credential)
		if err != nil {
			return nil, err
		}
		slices.Reverse(entries) // in a file, the last of a name counts
		own = append(own, entries...)
	}
	own = append(own, service.Identity.Environment...)
	return l.inherited.below(own), nil
}

// inheritance is the supervisor's own environment, which services inherit. It never changes.
type inheritance struct {
	entries []string
	index   map[string]int // by name
}

func newInheritance(environ []string) inheritance {
	h := inheritance{index: make(map[string]int, len(environ))}
	for _, entry := range environ {
		name, _, _ := strings.Cut(entry, "=")
		if _, taken := h.index[name]; !taken {
			h.index[name] = len(h.entries)
			h.entries = append(h.entries, entry)
		}
	}
	return h
}

// below returns an environment of own, of which the first entry of each name counts, and of
// the inherited variables with other names.
func (h *inheritance) below(own []string) []string {
	env := make([]string, 0, len(own)+len(h.entries))
	hidden := make([]bool, len(h.entries))
	for _, entry := range own {
		name, _, _ := strings.Cut(entry, "=")
		if _, taken := lookup(env, name); taken {
			continue
		}
		env = append(env, entry)
		if i, ok := h.index[name]; ok {
			hidden[i] = true
		}
	}
	for i, entry := range h.entries {
		if !hidden[i] {
			env = append(env, entry)
		}
	}
	return env
}

// lookup finds a variable in an environment.
func lookup(env []string, name string) (value string, ok bool) {
	for _, entry := range env {
		if rest, ok := strings.CutPrefix(entry, name); ok && strings.HasPrefix(rest, "=") {
			return rest[1:], true
		}
	}
	return "", false
}
