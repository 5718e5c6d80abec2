// Package sys holds the system calls that package syscall lacks or wraps too thickly,
// as thin typed functions: each one call, its errors plain syscall.Errno values, its man
// page and first kernel named.
//
// It decides nothing and keeps no state. What only supervise run needs may come from
// golang.org/x/sys/unix instead; this package stands on the path of supervise init,
// whose start-up must not pay for fmt, os or reflect.
package sys
