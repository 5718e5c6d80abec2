// Package text has the few functions of package strings, and of others like it, that early packages need, for ASCII.
// Package strings itself needs package unicode, whose tables are initialised before main. It
// is early: see cmd/supervise/preinit.
package text
