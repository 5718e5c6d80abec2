package first

import (
	"syscall"

	"supervise/signals/intake"
	"supervise/supervisor/glance"
	"supervise/supervisor/pid1/cmdline"
)

func init() {
	argv := intake.Arguments()
	if index, args, ok := cmdline.Select(argv); ok {
		syscall.Exit(cmdline.Main(argv, index, args))
	}
	if question, ok := glance.Select(argv); ok {
		if status, done := question.Answer(); done {
			syscall.Exit(status)
		}
	}
}
