// Package wire is the message queues between a supervisor and its clients: how a frame
// lies in a message, how a long text is cut into frames and put together, and how the
// queues of a runtime directory are made and found. Packages control (the server) and
// client are built on it. Package control's documentation describes the frame byte by byte
// and the conversation, for those who write a client in another language.
package wire
