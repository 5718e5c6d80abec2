package first

import (
	"syscall"

	"supervise/signals/intake"
	"supervise/supervisor/pid1/cmdline"
)

func init() {
	argv := intake.Arguments()
	if index, args, ok := cmdline.Select(argv); ok {
		syscall.Exit(cmdline.Main(argv, index, args))
	}
}
