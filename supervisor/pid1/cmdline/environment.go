package cmdline

import "supervise/internal/text"

// prefix begins the variables of supervise init, one for each flag with a long name.
const prefix = "SUPERVISE_INIT_"

// prefixes begin the variables that are read here.
var prefixes = [...]string{prefix, "TINI_", "DUMB_INIT_", "CATATONIT_"}

// Concerns reports whether a variable is of interest to [Parse].
func Concerns(entry string) bool {
	for i := range prefixes {
		if _, ok := text.CutPrefix(entry, prefixes[i]); ok {
			return true
		}
	}
	return false
}

// readOwnEnviron reads each variable of supervise init as its flag. Empty variables count as
// not set; an unknown one is an error, like an unknown flag.
func readOwnEnviron(l *Line, environ []string) bool {
	l.problem.variable = true
	for _, entry := range environ {
		rest, ours := text.CutPrefix(entry, prefix)
		if !ours {
			continue
		}
		name, value, _ := text.Cut(rest, '=')
		if value == "" {
			continue
		}
		f := byVariable(name)
		if f == nil {
			return l.fail(unknownVariable, name)
		}
		if l.problem.flag = f; !f.set(l, value) {
			return false
		}
	}
	l.problem.variable = false
	return true
}

// byVariable returns the flag of a variable: STOP_TIMEOUT is that of --stop-timeout. --help
// and --version have none.
func byVariable(name string) *flag {
	for i := range ownFlags {
		f := &ownFlags[i]
		if f.long != "help" && f.long != "version" && isVariable(name, f.long) {
			return f
		}
	}
	return nil
}

// isVariable reports whether a variable is that of a flag: see variable.
func isVariable(name, long string) bool {
	if len(name) != len(long) {
		return false
	}
	for i := range len(long) {
		c := long[i]
		if c == '-' {
			c = '_'
		} else {
			c -= 'a' - 'A'
		}
		if name[i] != c {
			return false
		}
	}
	return true
}
