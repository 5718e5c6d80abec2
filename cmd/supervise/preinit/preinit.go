package preinit

import (
	"syscall"

	"supervise/signals/intake"
	_ "supervise/supervisor/nucleus"
	"supervise/supervisor/pid1/cmdline"
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
}
