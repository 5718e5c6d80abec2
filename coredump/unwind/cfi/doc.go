// Package cfi reads call frame information: the tables .eh_frame, .eh_frame_hdr and
// .debug_frame, which say for every instruction of a program where the caller's registers are.
//
//	table := cfi.New(hdr, ehFrame, debugFrame) // nothing is read yet
//	entry, ok := table.Find(pc)                // by binary search
//	err = entry.Row(pc, &row)                  // runs the entry's program up to pc
//	value, err := cfi.Evaluate(rule.Expression, context, bias, initial...)
//
// All addresses are those in the file: who has an address of a process subtracts the module's
// bias first. The tables are those of 64 bit little-endian machines; which register a number
// means is the caller's knowledge (see package unwind).
//
// The tables come from files of strangers. Nothing here recurses, no loop runs longer than its
// input is, and an expression has an upper limit of steps. What is wrong with a table is an
// error of the one entry.
//
// Sources: DWARF 5, section 6.4; Linux Standard Base, "Exception Frames", for .eh_frame and its
// header; DWARF for the Arm 64-bit Architecture (AADWARF64) for its own instructions.
//
// It is early: see cmd/supervise/preinit.
package cfi
