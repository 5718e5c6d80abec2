package config

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"supervise/signals"
)

// Effect is what it takes for a changed key to count.
type Effect uint8

// The effects, from the least to the most.
const (
	Live          Effect = iota // counts at once, or at the next stop, restart or signal
	NeedsRestart                // of the service: its process was started with the old value
	NeedsNewStart               // of the supervisor: it keeps the old value as long as it runs
)

// ChangeKind says what has become of a service.
type ChangeKind uint8

// The kinds. The supervisor itself is only ever changed.
const (
	Changed ChangeKind = iota
	Added
	Removed
)

// Change is what an update has to do to one service, or to the supervisor itself.
type Change struct {
	Service string      `json:"service"` // "" for the supervisor
	Kind    ChangeKind  `json:"kind"`
	Effect  Effect      `json:"effect"`         // the most that one of the keys takes
	Keys    []KeyChange `json:"keys,omitempty"` // of what is changed, at least one
}

// KeyChange is one key whose value is another one now. The texts are for people, and
// differ; those of the environment do not tell its values, which may be secret.
type KeyChange struct {
	Path   string `json:"path"` // without the service.NAME before it: "stop.ladder"
	Old    string `json:"old"`
	New    string `json:"new"`
	Effect Effect `json:"effect"`
}

// Diff returns what has to be done for new to hold where old does, nothing if that is
// nothing. First comes the supervisor, then what is removed in the order of old, then
// what is added or changed in the order of new.
//
// It compares what the files mean and not how they are written. Another order of the
// same services is no change. A service with another name is another service. What is
// in an environment-file is not looked at: it is read at each start.
func Diff(old, new *File) []Change {
	var changes []Change
	if keys := append(compare(fileKeys, old, new), compareRules(old, new)...); len(keys) > 0 {
		changes = append(changes, changed("", keys))
	}
	before, after := byName(old), byName(new)
	for i := range old.Services {
		if name := old.Services[i].Name; after[name] == nil {
			changes = append(changes, Change{Service: name, Kind: Removed})
		}
	}
	for i := range new.Services {
		name := new.Services[i].Name
		if before[name] == nil {
			changes = append(changes, Change{Service: name, Kind: Added})
			continue
		}
		keys := compare(serviceKeys, before[name], after[name])
		keys = append(keys, compareEnvironment(before[name].Environment, after[name].Environment)...)
		if len(keys) > 0 {
			changes = append(changes, changed(name, keys))
		}
	}
	return changes
}

func byName(file *File) map[string]*Service {
	services := make(map[string]*Service, len(file.Services))
	for i := range file.Services {
		services[file.Services[i].Name] = &file.Services[i]
	}
	return services
}

func changed(service string, keys []KeyChange) Change {
	c := Change{Service: service, Kind: Changed, Keys: keys}
	for _, k := range keys {
		c.Effect = max(c.Effect, k.Effect)
	}
	return c
}

func compare[T any](keys []diffKey[T], old, new *T) []KeyChange {
	var changes []KeyChange
	for _, k := range keys {
		if before, after := k.text(old), k.text(new); before != after {
			changes = append(changes, KeyChange{k.path, before, after, k.effect})
		}
	}
	return changes
}

func compareRules(old, new *File) []KeyChange {
	var changes []KeyChange
	for s := range signals.Full.All() {
		before, after := old.rule(s), new.rule(s)
		if s == signals.SIGHUP && before == after && old.HangUp != new.HangUp {
			before, after = before+hangUpText(old), after+hangUpText(new)
		}
		if before != after {
			changes = append(changes, KeyChange{"signals." + keyText(s.String()), before, after, Live})
		}
	}
	return changes
}

// hangUpText says what a rule for SIGHUP that is not in the file leaves out.
func hangUpText(f *File) string {
	if f.HangUp {
		return ", and a shutdown when the terminal is closed"
	}
	return ""
}

func compareEnvironment(old, new map[string]string) []KeyChange {
	var changes []KeyChange
	all := maps.Clone(new)
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, old)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		before, had := old[name]
		after, has := new[name]
		change := KeyChange{"environment." + keyText(name), "a value", "another value", NeedsRestart}
		switch {
		case !had:
			change.Old, change.New = "none", "a value"
		case !has:
			change.New = "none"
		case before == after:
			continue
		}
		changes = append(changes, change)
	}
	return changes
}

// String says in a few words what is to be done: restart service "web".
func (c Change) String() string {
	what := "service " + strconv.Quote(c.Service)
	if c.Service == "" {
		what = "the supervisor"
	}
	switch {
	case c.Kind == Added:
		return "add " + what
	case c.Kind == Removed:
		return "stop and remove " + what
	case c.Effect == NeedsRestart:
		return "restart " + what
	case c.Effect == NeedsNewStart:
		return "change " + what + ", in part only when it is started anew"
	}
	return "change " + what + " while it runs"
}

// String writes the change down: stop.ladder: SIGTERM main 10s -> SIGQUIT main 5s.
func (k KeyChange) String() string { return fmt.Sprintf("%s: %s -> %s", k.Path, k.Old, k.New) }

var (
	effectWords = []string{"live", "restart", "new-supervisor"}
	kindWords   = []string{"changed", "added", "removed"}
)

// String is one of "live", "restart" and "new-supervisor".
func (e Effect) String() string { return wordOf(effectWords, uint8(e)) }

// MarshalText writes what String does.
func (e Effect) MarshalText() ([]byte, error) { return []byte(e.String()), nil }

// String is one of "changed", "added" and "removed".
func (k ChangeKind) String() string { return wordOf(kindWords, uint8(k)) }

// MarshalText writes what String does.
func (k ChangeKind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }
