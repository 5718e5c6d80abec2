package config

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"supervise/signals"
)

// Effect says when a changed key takes effect.
type Effect uint8

// The effects, in ascending order.
const (
	Live          Effect = iota // at once, or at the next stop, restart or signal
	NeedsRestart                // when the service is restarted: its process has the old value
	NeedsNewStart               // when the supervisor is restarted
)

// ChangeKind says what happened to a service.
type ChangeKind uint8

// The kinds. The supervisor itself is only ever changed.
const (
	Changed ChangeKind = iota
	Added
	Removed
)

// Change is what an update must do to one service, or to the supervisor itself.
type Change struct {
	Service string      `json:"service"` // "" for the supervisor
	Kind    ChangeKind  `json:"kind"`
	Effect  Effect      `json:"effect"`         // the highest of its keys
	Keys    []KeyChange `json:"keys,omitempty"` // of a changed service, at least one
}

// KeyChange is one key whose value has changed. The texts are for people, and differ; those
// of environment variables omit the values, which may be secret.
type KeyChange struct {
	Path   string `json:"path"` // without the leading service.NAME: "stop.ladder"
	Old    string `json:"old"`
	New    string `json:"new"`
	Effect Effect `json:"effect"`
}

// Diff returns what must be done to get from old to new. First comes the supervisor, then
// removed services in the order of old, then added and changed ones in the order of new.
//
// It compares the meaning of the files, not their text. The order of services does not
// matter. A service with another name is another service. The contents of an environment-file
// are ignored: it is read at each start.
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

// hangUpText says what the default rule for SIGHUP includes.
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

// String returns in a few words what is to be done: restart service "web".
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
		return "change " + what + ", in part only when it is restarted"
	}
	return "change " + what + " while it runs"
}

// String returns the change: stop.ladder: SIGTERM main 10s -> SIGQUIT main 5s.
func (k KeyChange) String() string { return fmt.Sprintf("%s: %s -> %s", k.Path, k.Old, k.New) }

var (
	effectWords = []string{"live", "restart", "new-supervisor"}
	kindWords   = []string{"changed", "added", "removed"}
)

// String returns "live", "restart" or "new-supervisor".
func (e Effect) String() string { return wordOf(effectWords, uint8(e)) }

// MarshalText returns what String does.
func (e Effect) MarshalText() ([]byte, error) { return []byte(e.String()), nil }

// String returns "changed", "added" or "removed".
func (k ChangeKind) String() string { return wordOf(kindWords, uint8(k)) }

// MarshalText returns what String does.
func (k ChangeKind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }
