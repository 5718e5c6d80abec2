package coredump

import (
	"slices"
	"strings"

	"supervise/internal/guess"
)

// Kind is what a core_pattern makes of a core.
type Kind uint8

// The kinds, by how the pattern begins: core(5), fs/coredump.c.
const (
	File          Kind = iota // a file, by a path that may be relative to the process's working directory
	Pipe                      // "|": a program that the kernel starts, with the core on its standard input
	Socket                    // "@": a Unix socket that the kernel connects to; Linux 6.16
	RequestSocket             // "@@": likewise, and it waits there to be told what to do; Linux 6.17
)

var kindNames = [...]string{File: "file", Pipe: "pipe", Socket: "socket", RequestSocket: "request-socket"}

// String returns "file", "pipe", "socket" or "request-socket".
func (k Kind) String() string { return kindNames[k] }

// Specifier is the letter behind a % in a core_pattern.
type Specifier byte

// The specifiers of Linux 6.18. All but PIDFD, which is 3 for pipes and nothing for files, have
// the value that [Facts] gives them. What the kernel does not know expands to nothing.
const (
	PID            Specifier = 'p' // of the process, in its own PID namespace
	InitialPID     Specifier = 'P' // in the initial one
	TID            Specifier = 'i' // of the thread that crashed, in its own PID namespace
	InitialTID     Specifier = 'I'
	UID            Specifier = 'u' // real one, in the initial user namespace
	GID            Specifier = 'g'
	Dumpable       Specifier = 'd' // 1, or 2 for a process whose core is root's: PR_GET_DUMPABLE(2const)
	Signal         Specifier = 's'
	Time           Specifier = 't' // seconds since 1970
	Host           Specifier = 'h' // node name of the process's UTS namespace
	Name           Specifier = 'e' // comm of the thread that crashed
	ExecutableName Specifier = 'f' // last element of Executable; Linux 5.10
	Executable     Specifier = 'E' // path, as the process sees it
	CoreLimit      Specifier = 'c' // RLIMIT_CORE, soft; 18446744073709551615 for none
	CPU            Specifier = 'C' // Linux 6.1
	PIDFD          Specifier = 'F' // number of a descriptor, for pipes only; Linux 6.16

	// Dangling is a single % at the end, which expands to nothing.
	Dangling Specifier = 0
)

const (
	numeric = "pPiIugdstcCF"
	texts   = "hefE" // in which the kernel replaces what a path would be led astray by
)

// Known reports whether Linux 6.18 knows the specifier.
func (s Specifier) Known() bool {
	return s != Dangling && strings.IndexByte(numeric+texts, byte(s)) >= 0
}

// String returns the specifier behind its %.
func (s Specifier) String() string {
	if s == Dangling {
		return "%"
	}
	return "%" + string([]byte{byte(s)})
}

// Part is a piece of a pattern: text to be taken as it is, or a specifier.
type Part struct {
	Text      string // without specifiers, "%%" is "%" already
	Specifier Specifier
	IsText    bool
}

// String returns the part as it stands in a pattern.
func (p Part) String() string {
	if p.IsText {
		return EscapePattern(p.Text)
	}
	return p.Specifier.String()
}

// MaxPattern is how many bytes of a core_pattern the kernel keeps; it cuts off what is more,
// and reports success: CORENAME_MAX_SIZE in linux/binfmts.h.
const MaxPattern = 127

// maxSocketPath is UNIX_PATH_MAX less its final zero: unix(7).
const maxSocketPath = 107

// Pattern is a parsed core_pattern. The zero Pattern is the empty one.
type Pattern struct {
	Kind Kind
	// Words are the program and its arguments of a Pipe, else the one path.
	Words [][]Part

	text string
}

// String returns the pattern as it was parsed.
func (p Pattern) String() string { return p.text }

// ParsePattern parses a core_pattern. It fails, with a [*guess.Error], for what the kernel does
// not store as it is: that is longer than [MaxPattern], has a line break in it, or names a
// socket by a path that cannot be one. What it does store may still never give a core: see
// [Pattern.Problem].
func ParsePattern(text string) (Pattern, error) {
	p := Pattern{text: text}
	switch {
	case strings.ContainsAny(text, "\x00\n"):
		return Pattern{}, &guess.Error{
			Message: "core pattern " + guess.Quote(text) + " has a line break or a zero byte in it",
			Hint:    "the kernel would take only what stands before it",
		}
	case len(text) > MaxPattern:
		return Pattern{}, &guess.Error{
			Message: "core pattern " + guess.Quote(text) + " is longer than 127 bytes",
			Hint:    "the kernel would cut off the end: use a shorter path, or a script for the program",
		}
	case strings.HasPrefix(text, "|"):
		p.Kind, p.Words = Pipe, pipeWords(text[1:])
	case strings.HasPrefix(text, "@"):
		return parseSocket(p)
	default:
		p.Words = [][]Part{parts(text)}
	}
	return p, nil
}

// parseSocket makes the checks of check_coredump_socket in fs/coredump.c. There are no
// specifiers in the path of a socket.
func parseSocket(p Pattern) (Pattern, error) {
	p.Kind = Socket
	path := p.text[1:]
	if rest, ok := strings.CutPrefix(path, "@"); ok {
		p.Kind, path = RequestSocket, rest
	}
	why := ""
	switch {
	case !strings.HasPrefix(path, "/"):
		why = "it must be absolute"
	case len(path) > maxSocketPath:
		why = "it must be shorter than 108 bytes"
	case slices.Contains(strings.Split(p.text, "/"), ".."):
		why = "it must not go through .."
	}
	if why != "" {
		return Pattern{}, &guess.Error{
			Message: "core pattern " + guess.Quote(p.text) + " has no path of a socket",
			Hint:    why + ", as in " + guess.Quote("@@/run/core.socket"),
		}
	}
	p.Words = [][]Part{{{Text: path, IsText: true}}}
	return p, nil
}

// pipeWords splits the command line of a pipe at spaces, as the kernel does before it expands
// anything: a value with spaces stays one argument. A word that can only expand to nothing is
// an empty argument, but for the first ones: the program is the first word with something in it.
func pipeWords(text string) (words [][]Part) {
	var word []Part
	end := func() {
		if len(words) > 0 && len(word) > 0 || slices.ContainsFunc(word, Part.something) {
			words = append(words, word)
		}
		word = nil
	}
	for text != "" {
		if isSpace(text[0]) {
			end()
			text = text[1:]
			continue
		}
		var p Part
		p, text = nextPart(text)
		word = appendPart(word, p)
	}
	end()
	return words
}

// isSpace is that of the kernel, whose table is Latin-1: lib/ctype.c.
func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' || c == 0xa0 }

func parts(text string) (list []Part) {
	for text != "" {
		var p Part
		p, text = nextPart(text)
		list = appendPart(list, p)
	}
	return list
}

// nextPart takes one byte off text, or a specifier.
func nextPart(text string) (p Part, rest string) {
	switch {
	case text[0] != '%':
		return Part{Text: text[:1], IsText: true}, text[1:]
	case len(text) == 1:
		return Part{Specifier: Dangling}, ""
	case text[1] == '%':
		return Part{Text: "%", IsText: true}, text[2:]
	}
	return Part{Specifier: Specifier(text[1])}, text[2:]
}

func appendPart(list []Part, p Part) []Part {
	if last := len(list) - 1; p.IsText && last >= 0 && list[last].IsText {
		list[last].Text += p.Text
		return list
	}
	return append(list, p)
}

func (p Part) something() bool { return p.IsText || p.Specifier.Known() }

// EscapePattern returns text as it has to stand in the pattern of a file or a pipe, so that
// nothing in it is a specifier. Spaces cannot be escaped.
func EscapePattern(text string) string { return strings.ReplaceAll(text, "%", "%%") }

// Has reports whether the pattern has a specifier.
func (p Pattern) Has(s Specifier) bool { return slices.Contains(p.Specifiers(), s) }

// Specifiers returns the specifiers of a pattern in order, unknown ones too.
func (p Pattern) Specifiers() (list []Specifier) {
	for _, word := range p.Words {
		for _, part := range word {
			if !part.IsText {
				list = append(list, part.Specifier)
			}
		}
	}
	return list
}

// Path returns the path of the socket, or of the program of a pipe as far as it stands in the
// pattern; "" for a file, whose path is made by [Pattern.Expand].
func (p Pattern) Path() string {
	if p.Kind == File || len(p.Words) == 0 {
		return ""
	}
	path := ""
	for _, part := range p.Words[0] {
		path += part.Text
	}
	return path
}

// Problem says why the kernel never writes a core by this pattern, though it stores it; "" if
// it can. A file whose name is only made by core_uses_pid is no problem to it.
func (p Pattern) Problem(usesPID bool) string {
	switch {
	case p.Kind == Pipe && len(p.Words) == 0:
		return "no program stands behind the |"
	case p.Kind == Socket || p.Kind == RequestSocket:
		if strings.Contains(p.Path(), " ") {
			return "the path of a socket must not have spaces"
		}
	case p.Kind == File && len(p.Words) == 0 || p.Kind == File && !slices.ContainsFunc(p.Words[0], Part.something):
		if !usesPID {
			return "it is empty"
		}
	}
	return ""
}
