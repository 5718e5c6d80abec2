package doctor

import (
	"strings"

	"supervise/coredump"
	"supervise/coredump/settings"
)

// corePattern says where cores go, and what keeps them from there. Limits are another finding.
func corePattern() Finding {
	subject, err := settings.Look(0)
	if err != nil {
		return Finding{Name: "core_pattern", Status: Bad, Value: err.Error(), Meaning: "where cores go is unknown"}
	}
	f := whereCoresGo(subject.Kernel.Pattern)
	for _, r := range settings.Check(subject).Reasons {
		if r.Effect == settings.None && !strings.Contains(string(r.ID), "limit") && subject.Pattern.Kind != coredump.File {
			f.Status, f.Meaning = Bad, r.Sentence+"; "+r.Remedy
			break
		}
	}
	return f
}

// whereCoresGo interprets a core_pattern: core(5).
func whereCoresGo(text string) Finding {
	f := Finding{Name: "core_pattern", Status: Note, Value: text}
	if text == "" {
		f.Value = "(empty)"
	}
	pattern, err := coredump.ParsePattern(text)
	problem := pattern.Problem(false)
	switch {
	case err != nil:
		f.Status, f.Meaning = Bad, err.Error()
	case pattern.Kind == coredump.File && problem != "":
		f.Meaning = "no cores are written, unless kernel.core_uses_pid is set"
	case problem != "":
		f.Status, f.Meaning = Bad, "no cores are written: "+problem
	case pattern.Kind == coredump.Pipe:
		f.Meaning = "cores of the whole machine go to " + pattern.Path() + ", outside any container; a limit of 1 byte keeps them from it"
	case pattern.Kind == coredump.Socket, pattern.Kind == coredump.RequestSocket:
		f.Meaning = "cores of the whole machine go to a socket; if nobody listens they are lost"
	case strings.HasPrefix(text, "/"):
		f.Meaning = "cores are files at this path as the crashing process sees it; the directory must exist"
	default:
		f.Meaning = "cores are files in the working directory of the process that crashed"
	}
	return f
}
