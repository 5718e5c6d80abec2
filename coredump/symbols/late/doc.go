// Package late lets package symbols demangle names and decompress sections. It is imported for
// that effect alone:
//
//	import _ "supervise/coredump/symbols/late"
//
// Package symbols is early (see cmd/supervise/preinit); the libraries for these are not.
package late
