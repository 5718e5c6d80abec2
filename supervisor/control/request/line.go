package request

import (
	"strconv"
	"strings"

	"supervise/signals"
)

// MaxLine is the longest line of the FIFO, in bytes, without its end.
const MaxLine = 1024

// ParseLine reads a line without its end. The request is nil when the line says nothing.
// An error is a [*Failure] with the code [Usage].
func ParseLine(line string) (Request, error) {
	line = strings.Trim(line, " \t\r")
	if line == "" || line[0] == '#' {
		return nil, nil
	}
	for i := range len(line) {
		if c := line[i]; c < ' ' && c != '\t' || c == 0x7f {
			return nil, usage("not a command: " + excerpt(line))
		}
	}
	if len(line) > MaxLine {
		return nil, usage("the line is longer than " + strconv.Itoa(MaxLine) + " bytes: " + excerpt(line))
	}
	words := strings.FieldsFunc(line, func(r rune) bool { return r == ' ' || r == '\t' })
	r, err := parseWords(words, line)
	if err == nil {
		err = r.validate()
	}
	if err != nil {
		return nil, err
	}
	return r, nil
}

func parseWords(words []string, line string) (Request, error) {
	verb, rest := words[0], words[1:]
	target := Target{Services: rest}
	if len(rest) == 1 && rest[0] == "--all" {
		target = Target{All: true}
	}
	switch verb {
	case "start":
		return Start{Target: target}, nil
	case "once":
		return Start{Target: target, Once: true}, nil
	case "stop":
		return Stop{Target: target}, nil
	case "restart":
		return Restart{Target: target}, nil
	case "reload":
		return Reload{Target: target}, nil
	case "pause":
		return Pause{target}, nil
	case "continue":
		return Continue{target}, nil
	case "reopen":
		return Reopen{target}, nil
	case "signal":
		return parseSignal(rest)
	case "update":
		return Update{File: strings.TrimLeft(line[len(verb):], " \t")}, nil
	case "shutdown":
		switch {
		case len(rest) == 0:
			return Shutdown{}, nil
		case len(rest) == 1 && (rest[0] == "now" || rest[0] == "--now"):
			return Shutdown{Now: true}, nil
		}
		return nil, usage("shutdown takes now, or nothing")
	}
	if verbs[verb].asks {
		return nil, usage(verb + " wants an answer, which a FIFO cannot give: use the command line")
	}
	return nil, usage("unknown command " + excerpt(verb))
}

func parseSignal(words []string) (Request, error) {
	const form = "signal takes NAME SIGNAL [VALUE] [main|group|tree]"
	if len(words) < 2 || len(words) > 4 {
		return nil, usage(form)
	}
	r := Signal{Service: words[0]}
	var err error
	if r.Signal, err = signals.Parse(words[1]); err != nil {
		return nil, usage(err.Error())
	}
	words = words[2:]
	if len(words) > 0 {
		if value, ok := ParseValue(words[0]); ok {
			r.Value, words = &value, words[1:]
		}
	}
	if len(words) > 0 {
		if err := r.Scope.UnmarshalText([]byte(words[0])); err != nil {
			return nil, usage(err.Error())
		}
		words = words[1:]
	}
	if len(words) > 0 {
		return nil, usage(form)
	}
	return r, nil
}

// ParseValue reads the payload of a signal: -5, 42, 0xffffffffffffffff.
func ParseValue(text string) (value int64, ok bool) {
	if hex, found := strings.CutPrefix(text, "0x"); found {
		bits, err := strconv.ParseUint(hex, 16, 64)
		return int64(bits), err == nil
	}
	value, err := strconv.ParseInt(text, 10, 64)
	return value, err == nil
}
