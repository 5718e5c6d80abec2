// Package wire is what a supervisor and its clients have in common: how a frame lies in a
// message, how a long text is cut into frames and put together, how the queues of a runtime
// directory are found, and a client's side of a conversation. Packages control (the
// server), client and glance are built on it. Package control's documentation describes
// the frame byte by byte and the conversation, for those who write a client in another
// language.
package wire
