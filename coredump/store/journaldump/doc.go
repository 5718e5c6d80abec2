// Package journaldump reads the files that systemd-coredump leaves in /var/lib/systemd/coredump.
//
//	core.COMM.UID.BOOT.PID.MICROSECONDS[.zst|.lz4|.xz]
//
// What is known of the crash is in the name and, more exactly, in extended attributes of the
// file (user.coredump.*). The journal knows more; it is not read. See src/coredump/coredump.c
// and systemd-coredump(8).
package journaldump
