package release

import (
	"runtime"

	"supervise/internal/text"
)

// Both are set by the linker in release builds: -X supervise/internal/release.Version=...
var (
	Version = "0.1.0-dev"
	// Revision is the beginning of the commit's name, "" if that is not known.
	Revision = ""
)

// Line is what supervise version prints, with its end of line; intake is how this build
// receives signals.
func Line(revision, intake string) string {
	b := text.NewBuffer(make([]byte, 256+len(Version)+len(revision)))
	AddLine(&b, revision, intake)
	return string(b.Bytes())
}

// AddLine adds it to a text.
func AddLine(b *text.Buffer, revision, intake string) {
	b.Add("supervise ")
	b.Add(Version)
	if revision != "" {
		b.Add(" (")
		b.Add(revision)
		b.Add(")")
	}
	b.Add(", ")
	b.Add(runtime.Version())
	b.Add(", " + runtime.GOOS + "/" + runtime.GOARCH + ", intake mode ")
	b.Add(intake)
	b.Add("\n")
}
