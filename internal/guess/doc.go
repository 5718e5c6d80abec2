// Package guess finds the known word that an unknown one was probably meant to be, and has
// the error that says so:
//
//	guess.Word("statsu", commands)                     // "status"
//	guess.Unknown("command", "statsu", commands)       // unknown command "statsu", did you mean "status"?
//
// It is pure and knows no list of words of its own.
//
// It is early: see cmd/supervise/preinit.
package guess
