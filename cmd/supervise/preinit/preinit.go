package preinit

import (
	"syscall"

	"supervise/internal/release"
	"supervise/internal/sys"
	"supervise/signals/intake"
	"supervise/supervisor/pid1/cmdline"
	"supervise/supervisor/quickstatus"
)

func init() {
	argv := intake.Arguments()
	if index, args, ok := cmdline.Select(argv); ok {
		syscall.Exit(cmdline.Main(argv, index, args))
	}
	// Without a revision of its own the build has to be looked at.
	if len(argv) == 2 && argv[1] == "version" && release.Revision != "" && sys.Print([]byte(release.Line(release.Revision, intake.Built().String()))) {
		syscall.Exit(0)
	}
	if question, ok := quickstatus.Select(argv); ok {
		if status, done := question.Answer(); done {
			syscall.Exit(status)
		}
	}
}
