// Package size reads sizes in bytes as people write them in a file: "100MB", "64KiB", 4096.
//
//	n, err := size.Parse("100 MB")    // 100000000
//	n, err := size.Parse("100M")      // a *guess.Error: powers of 1000 or of 1024?
//
// It is pure. What a size limits, and how large it may be, is its users' business.
//
// It is early: see cmd/supervise/preinit.
package size
