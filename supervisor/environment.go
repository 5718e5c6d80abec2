package supervisor

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
)

// environment puts together what a service's processes get, the weightiest first: the
// marks by which they are known, the service's own variables, those of its file, those of
// its user, and the supervisor's.
func (s *Supervisor) environment(service *service) ([]string, error) {
	spec := service.spec
	env := variables{seen: make(map[string]struct{}, 64)}
	env.add(s.root.Environment(spec.Name)...)
	for _, name := range slices.Sorted(maps.Keys(spec.Environment)) {
		env.add(name + "=" + spec.Environment[name])
	}
	if spec.EnvironmentFile != "" {
		entries, err := readEnvironmentFile(spec.EnvironmentFile)
		if err != nil {
			return nil, fmt.Errorf("cannot read the environment file: %w", err)
		}
		slices.Reverse(entries) // the last of a name counts
		env.add(entries...)
	}
	env.add(service.who.environment...)
	env.add(os.Environ()...)
	return env.entries, nil
}

// variables is an environment in which the first entry of a name counts.
type variables struct {
	entries []string
	seen    map[string]struct{}
}

func (v *variables) add(entries ...string) {
	for _, entry := range entries {
		name, _, _ := strings.Cut(entry, "=")
		if _, taken := v.seen[name]; !taken {
			v.seen[name] = struct{}{}
			v.entries = append(v.entries, entry)
		}
	}
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
