package wire

// Begun is a request that package plain has sent, before there was a Go runtime, and that was
// not answered in a way that it knows: whoever makes the same request goes on with it.
type Begun struct {
	Queues  Queues
	Client  uint32
	Number  uint64
	Text    []byte
	Message []byte // of the answer, without its type; nil if none came yet, or it was printed
	Asked   bool   // the one that follows Message was asked for
}

// begun is nil if there is none.
var begun *Begun

// Begin leaves a request.
func Begin(b *Begun) { begun = b }

// Resume goes on with a request that was begun, if that is the same, and reports whether it
// does: then it is not to be sent again.
func (c *Conversation) Resume(text []byte) bool {
	b := begun
	if b == nil || b.Queues != *c.Queues || string(b.Text) != string(text) {
		return false
	}
	begun = nil
	c.Client, c.Number, c.first, c.asked = b.Client, b.Number, b.Message, b.Asked
	return true
}
