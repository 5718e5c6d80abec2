// Package client talks to a running supervisor over its message queues, or writes a line into
// its FIFO. Package control is the other end and describes the protocol.
//
//	c, err := client.Dial(dir)           // a *NotRunningError: nobody is there
//	reply, err := c.Call(ctx, request)   // one answer, or the last of several
//	for reply, err := range c.Stream(ctx, request) { ... }
//
// It is fast for a command that asks one question: the calling thread sends, receives and is
// done. Only a call that takes long gets a goroutine that watches the deadline and the
// supervisor's process. The client keeps nothing open.
package client
