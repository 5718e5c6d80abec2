package settings

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"supervise/coredump"
)

// Effect is what a reason does to a core.
type Effect string

// The effects.
const (
	None Effect = "none" // there will be none
	Cut  Effect = "cut"  // it will, or may, end early
	Poor Effect = "poor" // there is little in it
	Note Effect = "note" // worth knowing
)

// ID names a reason, for programs.
type ID string

// Reason is one thing that decides about a core.
type Reason struct {
	ID       ID     `json:"id"`
	Effect   Effect `json:"effect"`
	Sentence string `json:"sentence"`
	Remedy   string `json:"remedy"` // "" if there is nothing to do
}

// Verdict says what will become of the core of a process.
type Verdict struct {
	PID        int      `json:"pid"` // 0 for what would be started from here
	Name       string   `json:"name"`
	Core       bool     `json:"core"`     // there will be one
	Complete   bool     `json:"complete"` // and nothing cuts it short or leaves out its memory
	Pattern    string   `json:"core_pattern"`
	Kind       string   `json:"kind"`  // of the pattern: file, pipe, socket, request-socket
	Where      string   `json:"where"` // path of the file, with what is not known yet as * and [0-9]*; program; socket
	Dumpable   int      `json:"dumpable"`
	Limit      uint64   `json:"limit"`  // RLIMIT_CORE, soft
	Filter     string   `json:"filter"` // "" if it is not known
	Reasons    []Reason `json:"reasons"`
	Unreadable []string `json:"unreadable"` // what could not be looked at, and is taken to be in order
}

// Check says what will become of the core of a process that crashes, and why: the worst
// reasons first.
func Check(s Subject) Verdict {
	p := &s.Process
	v := Verdict{
		PID: p.PID, Name: p.Name, Core: true, Complete: true,
		Pattern: s.Kernel.Pattern, Kind: s.Pattern.Kind.String(), Where: s.Target.Path,
		Dumpable: int(s.dumpable()), Limit: p.Limit, Reasons: []Reason{}, Unreadable: s.Unknown,
	}
	if v.Unreadable == nil {
		v.Unreadable = []string{}
	}
	if p.HasFilter {
		v.Filter = p.Filter.String()
	}
	if p.Self {
		v.PID, v.Name = 0, ""
	}
	all := rules()
	for _, effect := range []Effect{None, Cut, Poor, Note} {
		for i := range all {
			r := &all[i]
			if r.effect != effect || !r.applies(&s) {
				continue
			}
			sentence, holds := r.test(&s)
			if !holds {
				continue
			}
			v.Core = v.Core && effect != None
			v.Complete = v.Complete && effect == Note
			v.Reasons = append(v.Reasons, r.reason(&s, sentence))
		}
	}
	return v
}

// rule is one way in which a core is lost, or is less than it could be.
type rule struct {
	id      ID
	effect  Effect
	kinds   kinds
	general string // the sentence of the table
	remedy  string // PID stands for the pid
	// holds reports whether it is so, and says it of this process. Instead of it when has only
	// the general sentence.
	holds func(*Subject) (sentence string, holds bool)
	when  func(*Subject) bool
}

// test reports whether a rule holds. The sentence is "" for the general one.
func (r *rule) test(s *Subject) (sentence string, holds bool) {
	if r.holds == nil {
		return "", r.when(s)
	}
	return r.holds(s)
}

// kinds is a set of what patterns make, as bits.
type kinds uint8

const (
	files   kinds = 1 << coredump.File
	pipes   kinds = 1 << coredump.Pipe
	sockets kinds = 1<<coredump.Socket | 1<<coredump.RequestSocket
	every         = files | pipes | sockets
)

func (k kinds) String() string {
	if k == every {
		return "all"
	}
	var words []string
	for i, word := range []string{"file", "pipe", "socket"} {
		if k&(1<<i) != 0 { // the second kind of socket goes with the first
			words = append(words, word)
		}
	}
	return strings.Join(words, ", ")
}

// applies: of a kernel without cores, and of one that does not know the pattern, nothing else
// is worth saying about where they go.
func (r *rule) applies(s *Subject) bool {
	return r.kinds&(1<<s.Pattern.Kind) != 0 && (r.kinds == every || !s.NoCores)
}

func (r *rule) reason(s *Subject, sentence string) Reason {
	if sentence == "" {
		sentence = r.general
	}
	remedy := r.remedy
	if !s.Process.Self {
		remedy = strings.ReplaceAll(remedy, "PID", strconv.Itoa(s.Process.PID))
	}
	return Reason{r.id, r.effect, sentence, remedy}
}

// pageSize is the least limit with which the kernel begins a file: ELF_EXEC_PAGESIZE.
var pageSize = uint64(os.Getpagesize())

// human writes a number of bytes with three digits or less: "44 MB".
func human(n uint64) string {
	units := []string{"bytes", "kB", "MB", "GB", "TB"}
	value, unit := float64(n), 0
	for value >= 999.5 && unit+1 < len(units) {
		value, unit = value/1000, unit+1
	}
	if unit == 0 || value >= 10 {
		return fmt.Sprintf("%.0f %s", value, units[unit])
	}
	return fmt.Sprintf("%.1f %s", value, units[unit])
}

// Table writes the rules as a table of Markdown, for docs/cores.md.
func Table() string {
	var b strings.Builder
	b.WriteString("| reason | pattern | what becomes of the core | because | what to do |\n|---|---|---|---|---|\n")
	effects := []struct {
		effect Effect
		text   string
	}{{None, "**none**"}, {Cut, "cut short"}, {Poor, "little in it"}, {Note, "as it is"}}
	all := rules()
	for _, e := range effects {
		for i := range all {
			if r := &all[i]; r.effect == e.effect {
				fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", r.id, r.kinds, e.text, cell(r.general), cell(r.remedy))
			}
		}
	}
	return b.String()
}

func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }
