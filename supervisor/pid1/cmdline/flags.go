package cmdline

import (
	"errors"

	"supervise/internal/text"
)

// flag is one option of a command line.
type flag struct {
	long  string // without the dashes, "" for none
	short byte   // 0 for none
	value string // the name of its value in the help text, "" if it has none
	help  string // lines that fit beside the flag
	// optional values are only given as --flag=value.
	optional bool
	// set applies the flag. It is nil for the flag for help.
	set func(l *line, value string) error
}

// Flag is what others than the parser know of a flag.
type Flag struct {
	Long     string // without the dashes, "" for none
	Short    string // one letter, "" for none
	Value    string // the name of its value, "" if it takes none
	Optional bool   // the value is only given as --flag=value
	Help     string // lines
}

// Flags lists the flags of supervise init, as its help text does.
func Flags() []Flag {
	all := make([]Flag, len(ownFlags))
	for i := range ownFlags {
		f := &ownFlags[i]
		all[i] = Flag{Long: f.long, Value: f.value, Optional: f.optional, Help: f.help}
		if f.short != 0 {
			all[i].Short = string(rune(f.short))
		}
	}
	return all
}

// grammar is how a program parses its arguments. Flags end at the first argument that is
// none, or after "--".
type grammar struct {
	long      bool          // --name and --name=value, next to -n
	shorten   bool          // --name may be abbreviated while unambiguous: getopt_long(3)
	switches  bool          // a flag without a value may have one: --name=false
	separator bool          // PROGRAM -- ARGUMENTS: the "--" is removed
	version   func() string // printed for --version as the only argument
}

// read applies the flags and returns the remaining arguments: the command.
func (g grammar) read(flags []flag, l *line, args []string) (rest []string, err error) {
	if g.version != nil && len(args) == 1 && args[0] == "--version" {
		return nil, printed(g.version() + "\n")
	}
	for len(args) > 0 {
		arg := args[0]
		if len(arg) < 2 || arg[0] != '-' {
			break
		}
		args = args[1:]
		switch {
		case arg == "--":
			return args, nil
		case g.long && arg[1] == '-':
			args, err = g.readLong(flags, l, arg[2:], args)
		default:
			args, err = g.readShort(flags, l, arg[1:], args)
		}
		if err != nil {
			return nil, err
		}
	}
	if g.separator && len(args) > 1 && args[1] == "--" {
		args = append([]string{args[0]}, args[2:]...)
	}
	return args, nil
}

// readLong reads "name" or "name=value".
func (g grammar) readLong(flags []flag, l *line, arg string, args []string) ([]string, error) {
	name, value, given := text.Cut(arg, '=')
	f, err := g.find(flags, name)
	if err != nil {
		return nil, err
	}
	switch {
	case f.value == "" && !given:
		return args, f.take(l, "")
	case f.value == "" && !g.switches:
		return nil, errors.New("option '--" + f.long + "' doesn't allow an argument")
	case f.value != "" && !given && !f.optional:
		if len(args) == 0 {
			return nil, errors.New("option '--" + f.long + "' requires an argument")
		}
		value, args = args[0], args[1:]
	}
	return args, f.take(l, value)
}

// find returns a flag by its long name.
func (g grammar) find(flags []flag, name string) (*flag, error) {
	var found *flag
	for i := range flags {
		f := &flags[i]
		if f.long == "" {
			continue
		}
		if f.long == name {
			return f, nil
		}
		if _, begins := text.CutPrefix(f.long, name); begins && g.shorten {
			if found != nil {
				return nil, errors.New("option '--" + name + "' is ambiguous; possibilities: '--" + found.long + "' '--" + f.long + "'")
			}
			found = f
		}
	}
	if found == nil {
		return nil, errors.New("unrecognized option '--" + name + "'" + likely(flags, name))
	}
	return found, nil
}

// likely proposes the flag that begins like an unknown one.
func likely(flags []flag, name string) string {
	const alike = 4 // letters
	for i := range flags {
		if long := flags[i].long; len(name) >= alike && len(long) >= alike && long[:alike] == name[:alike] {
			return ", did you mean '--" + long + "'?"
		}
	}
	return ""
}

// readShort reads "abc" or "avalue", each letter a flag.
func (g grammar) readShort(flags []flag, l *line, letters string, args []string) ([]string, error) {
	for i := range len(letters) {
		f := byLetter(flags, letters[i])
		if f == nil {
			return nil, errors.New("invalid option -- '" + letters[i:i+1] + "'")
		}
		if f.value == "" || f.optional {
			if err := f.take(l, ""); err != nil {
				return nil, err
			}
			continue
		}
		value := letters[i+1:]
		if value == "" {
			if len(args) == 0 {
				return nil, errors.New("option requires an argument -- '" + letters[i:i+1] + "'")
			}
			value, args = args[0], args[1:]
		}
		return args, f.take(l, value)
	}
	return args, nil
}

// errHelp says that help was asked for.
var errHelp = errors.New("help")

func (f *flag) take(l *line, value string) error {
	if f.set == nil {
		return errHelp
	}
	err := f.set(l, value)
	if _, isAnswer := err.(*Answer); err != nil && !isAnswer {
		return errors.New(f.name() + ": " + err.Error())
	}
	return err
}

func (f *flag) name() string {
	if f.long != "" {
		return "--" + f.long
	}
	return "-" + string(rune(f.short))
}

func byLetter(flags []flag, letter byte) *flag {
	for i := range flags {
		if flags[i].short == letter {
			return &flags[i]
		}
	}
	return nil
}

// describe returns the part of a help text that lists the flags: the forms of each in a
// column of the given width, and its help beside it.
func describe(flags []flag, width int) string {
	all := ""
	for i := range flags {
		f := &flags[i]
		left := "  "
		if f.short != 0 {
			left += "-" + string(rune(f.short))
		}
		if f.short != 0 && f.long != "" {
			left += ", "
		}
		if f.long != "" {
			if f.short == 0 {
				left += "    "
			}
			left += "--" + f.long
		}
		switch {
		case f.optional:
			left += "[=" + f.value + "]"
		case f.value != "":
			left += " " + f.value
		}
		for line := range text.Split(f.help, '\n') {
			if len(left) >= width {
				all += left + "\n"
				left = ""
			}
			for len(left) < width {
				left += " "
			}
			all += left + line + "\n"
			left = ""
		}
	}
	return all
}
