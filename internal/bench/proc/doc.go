// Package proc asks the kernel what a running process costs: memory, processor time,
// wake-ups, children.
//
// It reads /proc and the process clocks, changes nothing and keeps nothing open. Every
// error names what could not be read; a process that has ended is an error wrapping
// fs.ErrNotExist or ESRCH.
package proc
