package preinit

import (
	"syscall"

	"supervise/internal/release"
	"supervise/internal/sys"
	"supervise/signals/intake"
	_ "supervise/supervisor/nucleus"
	"supervise/supervisor/pid1/cmdline"
	"supervise/supervisor/quickstatus"
	"supervise/supervisor/threads"
)

func init() {
	argv := intake.Arguments()
	if len(argv) > 1 && argv[1] == "run" && intake.Built() == intake.Entry { // otherwise it will execute itself again
		intake.RestoreVariables(threads.MaxProcessors)
		threads.Reserve()
	}
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
