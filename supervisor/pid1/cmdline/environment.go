package cmdline

import "supervise/internal/text"

// prefix begins the variables of supervise init, one for each flag with a long name.
const prefix = "SUPERVISE_INIT_"

// Concerns reports whether a variable is of interest to [Parse]. Constants of up to 16 bytes that
// something is compared to are within the code: see package nucleus.
func Concerns(entry string) bool {
	const tini, dumbInit, catatonit = "TINI_", "DUMB_INIT_", "CATATONIT_"
	n := len(entry)
	return isOwnVariable(entry) || n >= len(tini) && entry[:len(tini)] == tini ||
		n >= len(dumbInit) && entry[:len(dumbInit)] == dumbInit || n >= len(catatonit) && entry[:len(catatonit)] == catatonit
}

func isOwnVariable(entry string) bool {
	return len(entry) >= len(prefix) && entry[:len(prefix)] == prefix
}

// readOwnEnviron reads each variable of supervise init as its flag. Empty variables count as
// not set; an unknown one is an error, like an unknown flag.
func readOwnEnviron(l *Line, environ []string) bool {
	l.problem.variable = true
	for _, entry := range environ {
		if !isOwnVariable(entry) {
			continue
		}
		name, value, _ := text.Cut(entry[len(prefix):], '=')
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
