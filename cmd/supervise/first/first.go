package first

import (
	"syscall"

	"supervise/signals/intake"
	"supervise/supervisor/pid1"
)

func init() {
	argv := intake.Arguments()
	if len(argv) > 1 && argv[1] == "init" {
		syscall.Exit(pid1.Main(argv, argv[2:]))
	}
}
