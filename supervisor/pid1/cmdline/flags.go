package cmdline

import "supervise/internal/text"

// flag is one option of a command line.
type flag struct {
	long  string // without the dashes, "" for none
	short byte   // 0 for none
	value string // the name of its value in the help text, "" if it has none
	help  string // lines that fit beside the flag
	// optional values are only given as --flag=value.
	optional bool
	// set applies the flag, and reports whether its value can be used. It is nil for the flag
	// for help.
	set func(l *Line, value string) bool
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
	long      bool // --name and --name=value, next to -n
	shorten   bool // --name may be abbreviated while unambiguous: getopt_long(3)
	switches  bool // a flag without a value may have one: --name=false
	separator bool // PROGRAM -- ARGUMENTS: the "--" is removed
	version   bool // printed for --version as the only argument

	environAfter bool // the environment is read behind the arguments, not before
}

// readFlags applies the flags and returns the remaining arguments, the command, in the memory of
// args.
func (g grammar) readFlags(l *Line, flags []flag, args []string) (rest []string, ok bool) {
	if g.version && len(args) == 1 && args[0] == "--version" {
		return nil, l.fail(askVersion, "")
	}
	for len(args) > 0 {
		arg := args[0]
		if len(arg) < 2 || arg[0] != '-' {
			break
		}
		args = args[1:]
		switch {
		case arg == "--":
			return args, true
		case g.long && arg[1] == '-':
			args, ok = g.readLong(l, flags, arg[2:], args)
		default:
			args, ok = g.readShort(l, flags, arg[1:], args)
		}
		if !ok {
			return nil, false
		}
	}
	if g.separator && len(args) > 1 && args[1] == "--" {
		args[1] = args[0]
		args = args[1:]
	}
	return args, true
}

// readLong reads "name" or "name=value".
func (g grammar) readLong(l *Line, flags []flag, arg string, args []string) (rest []string, ok bool) {
	name, value, given := text.Cut(arg, '=')
	f := g.find(l, flags, name)
	if f == nil {
		return args, false
	}
	l.problem.flag = f
	switch {
	case f.value == "" && !given:
		return args, f.take(l, "")
	case f.value == "" && !g.switches:
		return args, l.fail(noArgument, "")
	case f.value != "" && !given && !f.optional:
		if len(args) == 0 {
			return args, l.fail(needsArgument, "")
		}
		value, args = args[0], args[1:]
	}
	return args, f.take(l, value)
}

// find returns a flag by its long name, or nil.
func (g grammar) find(l *Line, flags []flag, name string) *flag {
	var found *flag
	for i := range flags {
		f := &flags[i]
		if f.long == "" {
			continue
		}
		if f.long == name {
			return f
		}
		if _, begins := text.CutPrefix(f.long, name); begins && g.shorten {
			if found != nil {
				l.problem.flag, l.problem.other = found, f
				l.fail(ambiguous, name)
				return nil
			}
			found = f
		}
	}
	if found == nil {
		l.problem.other = likely(flags, name)
		l.fail(unrecognized, name)
	}
	return found
}

// likely returns the flag that begins like an unknown one, or nil.
func likely(flags []flag, name string) *flag {
	const alike = 4 // letters
	for i := range flags {
		if long := flags[i].long; len(name) >= alike && len(long) >= alike && long[:alike] == name[:alike] {
			return &flags[i]
		}
	}
	return nil
}

// readShort reads "abc" or "avalue", each letter a flag.
func (g grammar) readShort(l *Line, flags []flag, letters string, args []string) (rest []string, ok bool) {
	for i := range len(letters) {
		f := byLetter(flags, letters[i])
		if f == nil {
			return args, l.fail(invalidLetter, letters[i:i+1])
		}
		if f.value == "" || f.optional {
			if !f.take(l, "") {
				return args, false
			}
			continue
		}
		value := letters[i+1:]
		if value == "" {
			if len(args) == 0 {
				return args, l.fail(letterNeeds, letters[i:i+1])
			}
			value, args = args[0], args[1:]
		}
		return args, f.take(l, value)
	}
	return args, true
}

func (f *flag) take(l *Line, value string) bool {
	l.problem.flag = f
	if f.set == nil {
		return l.fail(askHelp, "")
	}
	return f.set(l, value)
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
