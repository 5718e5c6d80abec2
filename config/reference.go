package config

import "strings"

// Entry describes one key of a configuration file.
type Entry struct {
	Path    string // service.NAME.stop.ladder[].signal
	Takes   string // in words: "a duration"
	Default string // as TOML; "" for none
	Doc     string // one sentence without a final full stop
	Change  string // what an update does where the value has changed, in words; "" for a table
}

// Reference returns every key that a file can have, from the same tables by which files are
// read, each table before its keys. Documentation is made from it.
func Reference() []Entry {
	list := entries(topFields)
	for i := range list {
		list[i].Change = changeOf(list[i].Path)
	}
	return list
}

// changeOf says what becomes of a change, from the tables of [Diff].
func changeOf(key string) string {
	path, ofService := strings.CutPrefix(key, "service.NAME.")
	if !ofService {
		switch {
		case path == "service":
			return "starts, stops, or as its keys say"
		case strings.HasPrefix(path, "signals.SIGNAL"):
			return Live.words()
		}
		return effectOf(fileKeys, path)
	}
	switch {
	case path == "environment":
		return NeedsRestart.words()
	case path == "log.mode":
		return Live.words() + ", but to or from inherit: " + NeedsRestart.words()
	case strings.HasPrefix(path, "requires."):
		path = "requires"
	case strings.HasPrefix(path, "stop."):
		path = "stop.ladder"
	}
	return effectOf(serviceKeys, path)
}

func effectOf[T any](keys []diffKey[T], path string) string {
	for _, k := range keys {
		if k.path == path {
			return k.effect.words()
		}
	}
	return ""
}

// words says in a reference when a change takes effect.
func (e Effect) words() string {
	switch e {
	case Live:
		return "at once"
	case NeedsRestart:
		return "restarts the service"
	case NeedsNewStart:
		return "when supervise is started anew"
	}
	return wordOf(effectWords, uint8(e))
}

func entries[T any](fields []field[T]) []Entry {
	var list []Entry
	for _, f := range fields {
		list = append(list, Entry{Path: f.name, Takes: f.takes, Default: f.initial, Doc: f.doc})
		if f.inside == nil {
			continue
		}
		for _, e := range f.inside() {
			dot := "."
			if e.Path[0] == '[' {
				dot = ""
			}
			e.Path = f.name + dot + e.Path
			list = append(list, e)
		}
	}
	return list
}
