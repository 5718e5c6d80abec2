package release

import "runtime"

// Both are set by the linker in release builds: -X supervise/internal/release.Version=...
var (
	Version = "0.1.0-dev"
	// Revision is the beginning of the commit's name, "" if that is not known.
	Revision = ""
)

// Line is what supervise version prints, with its end of line; intake is how this build
// receives signals.
func Line(revision, intake string) string {
	text := "supervise " + Version
	if revision != "" {
		text += " (" + revision + ")"
	}
	return text + ", " + runtime.Version() + ", " + runtime.GOOS + "/" + runtime.GOARCH + ", intake mode " + intake + "\n"
}
