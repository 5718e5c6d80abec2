// Package wire is what a supervisor and its clients agree on: which runtime directory is
// meant, how its queues are found, how a frame lies in a message, how a long text is cut into
// frames and put together, and the client's side of a request. Package control's
// documentation describes the frame byte by byte, for clients in other languages.
//
// Packages control (the server), client and plain use it. It is early: see
// cmd/supervise/preinit.
package wire
