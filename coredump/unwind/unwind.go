package unwind

import (
	"errors"

	"supervise/coredump/unwind/cfi"
)

// Source is a stopped process, or what is left of it.
type Source interface {
	// Module returns the module whose code has the address pc, nil if there is none. It
	// returns the same *Module every time, as a Module keeps what has been learned of its
	// tables.
	Module(pc uint64) *Module
	// Read fills b with the memory at addr; false if a part of it is not there.
	Read(addr uint64, b []byte) bool
	// Executable reports whether addr is in memory that can be executed. The core's segments
	// do not always say: gdb's gcore leaves out those of files, so that the file's own segments
	// must be asked.
	Executable(addr uint64) bool
}

// Module is a file in the memory of a process, with the tables for its code. Only the tables
// that it has need to be set. It is not safe for use by several goroutines.
type Module struct {
	// Bias is what to add to an address in the file to have that in the process.
	Bias uint64

	// EhFrameHdr and EhFrame are the sections of that name, at the addresses in the file. Of a
	// file without a section table, EhFrameHdr is the segment PT_GNU_EH_FRAME, and EhFrame
	// begins at [cfi.FrameAddress].
	EhFrameHdr, EhFrame cfi.Section

	// DebugFrame returns the section .debug_frame, decompressed. It is called once at most,
	// and only for an address that neither EhFrame nor Go knows.
	DebugFrame func() cfi.Section

	// Go looks in the tables of a program in Go for the function at pc, an address in the
	// file.
	Go func(pc uint64) (GoFunction, bool)

	// Function returns where the function at pc begins and ends, addresses in the file, if its
	// symbols say so. It is asked for an innermost function without any tables.
	Function func(pc uint64) (begin, end uint64, ok bool)

	table *cfi.Table
	rows  [keptRows]*row // by address
}

// GoFunction is what Go's tables (pclntab) say of an address.
type GoFunction struct {
	Name string // such as "runtime.goexit"
	// FrameSize is the SP delta at the address, in bytes: the frame's size without the return
	// address that an amd64 call has pushed; on arm64 with the saved link register, and 0 if
	// that has not been saved.
	FrameSize uint64
	// Top is the flag that this function has no caller, as it is in the tables:
	// abi.FuncFlagTopFrame.
	Top bool
}

// Frame is one call.
type Frame struct {
	// PC is the instruction to be executed next in this frame.
	PC uint64
	// CFA is the canonical frame address: the stack pointer as it is in the caller, after the
	// return. 0 if it is not known.
	CFA uint64
	// Exact says that PC was interrupted. Otherwise it is the address that a call returns to,
	// and the call itself, perhaps its function's last instruction, is before it: see Lookup.
	Exact bool
	// Signal says that this is the trampoline that ends a signal's handler. Its caller is what
	// the signal has interrupted.
	Signal bool
	// By says how this frame was found.
	By Method
}

// Lookup returns the address to look up in tables of functions and lines: PC if it is exact,
// otherwise the last byte of the call before it.
func (f *Frame) Lookup() uint64 {
	if f.Exact || f.Signal || f.PC == 0 {
		return f.PC
	}
	return f.PC - 1
}

// Method is a way to find a frame, from the one below it.
type Method string

// The methods.
const (
	Given        Method = "registers"     // the innermost frame
	ByCFI        Method = "cfi"           // .eh_frame or .debug_frame
	ByGo         Method = "go"            // Go's pclntab
	ByTrampoline Method = "trampoline"    // the instructions of rt_sigreturn
	ByCall       Method = "call"          // return address of a call to nowhere, or of a function that has just begun
	ByPointer    Method = "frame-pointer" // the weakest: it may leave out a function without a frame
)

// Why a backtrace ends before the outermost frame; they are wrapped in an [Error].
var (
	ErrLimit   = errors.New("there are more frames than the limit")
	ErrTables  = errors.New("no unwind information")
	ErrMemory  = errors.New("the stack's memory is not there")
	ErrLoop    = errors.New("the stack leads back to itself")
	ErrAddress = errors.New("the return address is not in code")
	ErrMachine = errors.New("unknown machine")
)

// Error says at which frame a backtrace ends early.
type Error struct {
	PC  uint64 // of the frame whose caller was not found
	Err error
}

// Error implements error.
func (e *Error) Error() string { return "cannot find the caller: " + e.Err.Error() }

// Unwrap returns one of the errors above.
func (e *Error) Unwrap() error { return e.Err }
