package release

// Both are set by the linker in release builds: -X supervise/internal/release.Version=...
var (
	Version = "0.1.0-dev"
	// Revision is the beginning of the commit's name, "" if that is not known.
	Revision = ""
)
