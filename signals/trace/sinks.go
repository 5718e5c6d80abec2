package trace

// Sinks hands everything to several sinks, in their order. All get the same *Life: none may
// change it.
type Sinks []Sink

// Life hands a life to each.
func (s Sinks) Life(l *Life) error { return s.each(func(k Sink) error { return k.Life(l) }) }

// Event hands an event to each.
func (s Sinks) Event(e *Event) error { return s.each(func(k Sink) error { return k.Event(e) }) }

// End hands the counts to each.
func (s Sinks) End(c *Counts) error { return s.each(func(k Sink) error { return k.End(c) }) }

// Waiting hands a life that is not over to each that is a [Waiter].
func (s Sinks) Waiting(l *Life) error {
	return s.each(func(k Sink) error {
		if w, ok := k.(Waiter); ok {
			return w.Waiting(l)
		}
		return nil
	})
}

// Flush lets each print what it has held back, if it has such a method.
func (s Sinks) Flush() error {
	return s.each(func(k Sink) error {
		if f, ok := k.(interface{ Flush() error }); ok {
			return f.Flush()
		}
		return nil
	})
}

// each returns the first error, and calls all.
func (s Sinks) each(call func(Sink) error) (first error) {
	for _, k := range s {
		if err := call(k); err != nil && first == nil {
			first = err
		}
	}
	return first
}
