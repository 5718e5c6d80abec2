package preinit

import (
	"syscall"

	"supervise/signals/intake"
	_ "supervise/supervisor/nucleus"
	"supervise/supervisor/pid1/cmdline"
)

func init() {
	argv := intake.Arguments()
	if index, args, ok := cmdline.Select(argv); ok {
		syscall.Exit(cmdline.Main(argv, index, args))
	}
}
