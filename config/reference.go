package config

// Entry describes one key of a configuration file.
type Entry struct {
	Path    string // service.NAME.stop.ladder[].signal
	Takes   string // in words: "a duration"
	Default string // as TOML; "" for none
	Doc     string // one sentence without a final full stop
}

// Reference returns every key that a file can have, from the same tables by which files are
// read, each table before its keys. Documentation is made from it.
func Reference() []Entry { return entries(topFields) }

func entries[T any](fields []field[T]) []Entry {
	var list []Entry
	for _, f := range fields {
		list = append(list, Entry{f.name, f.takes, f.initial, f.doc})
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
