package cmdline

import (
	"errors"

	"supervise/internal/text"
)

// prefix begins the variables of supervise init, one for each flag with a long name.
const prefix = "SUPERVISE_INIT_"

// readOwnEnviron reads each variable of supervise init as its flag. Empty variables count as
// not set; an unknown one is an error, like an unknown flag.
func readOwnEnviron(l *line, environ []string) error {
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
			return errors.New("unknown environment variable " + prefix + name)
		}
		if err := f.set(l, value); err != nil {
			return errors.New(prefix + name + ": " + err.Error())
		}
	}
	return nil
}

// byVariable returns the flag of a variable: STOP_TIMEOUT is that of --stop-timeout. --help
// and --version have none.
func byVariable(name string) *flag {
	for i := range ownFlags {
		f := &ownFlags[i]
		if f.long != "help" && f.long != "version" && variable(f.long) == name {
			return f
		}
	}
	return nil
}

func variable(long string) string {
	upper := []byte(text.Upper(long))
	for i, c := range upper {
		if c == '-' {
			upper[i] = '_'
		}
	}
	return string(upper)
}
