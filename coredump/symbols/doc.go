// Package symbols reads ELF files for what a backtrace needs of them: the build id, where the
// file's bytes are in memory, the tables for unwinding, and the functions at addresses.
//
//	f, err := symbols.Open(file)              // a program or a library; or Image, the vdso
//	bias, ok := f.Bias(mapping.Start, mapping.Offset)
//	addr, data := f.Section(".eh_frame")
//	search := symbols.NewSearch(addresses)
//	search.In(f)                              // all at once: one pass over the symbol table
//	function, ok := search.At(address)
//
// It is lazy: of a file of a gigabyte only those pages are read that are needed, by mapping
// them, and no string is made of a symbol that nobody asked for. A file may change while it is
// mapped, which the kernel answers with SIGBUS if it becomes shorter: who reads it sets
// runtime/debug.SetPanicOnFault, and recovers, as package explain does.
//
// Files come from strangers: counts and sizes are those that fit into the file, nothing recurses,
// and what is damaged is as if it were not there.
//
// The layout is that of elf(5), the gABI for compressed sections, gdb's manual ("Separate Debug
// Files") for .gnu_debuglink and build-id paths, and Go's internal/abi and runtime/symtab.go for
// .gopclntab.
//
// It is early: see cmd/supervise/preinit.
package symbols
