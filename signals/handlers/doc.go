// Package handlers names the functions at addresses in a living process: its signal handlers,
// as package actions has them.
//
//	found, err := handlers.Look(pid, addresses)
//	found.At(address)      // ngx_signal_handler (nginx), or libfoo.so+0x1a30 without a name
//	found.Modules          // the files whose code is mapped
//	found.Go               // the program is one of Go
//
// It reads /proc/PID/maps, and of each file that is needed the symbol table, or that which was
// stripped off it if it is installed: package coredump/symbols. The process is not stopped. It
// takes the same user, or root.
package handlers
