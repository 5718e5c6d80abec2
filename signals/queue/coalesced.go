package queue

import "supervise/signals"

// Coalesced keeps signals as the kernel keeps pending standard ones: of each number
// the first, with its sender; later ones of the same number merge into it. They are
// given back in the order in which they came. The zero value is empty and ready. It
// is not safe for use by two goroutines at once.
type Coalesced struct {
	members signals.Set
	items   []Item
}

// Len is how many signals wait, each of another number.
func (c *Coalesced) Len() int { return len(c.items) }

// Add takes a signal in, and returns false if one of its number waits already, or if
// it is no valid number.
func (c *Coalesced) Add(item Item) bool {
	s := item.Info.Signal
	if !s.Valid() || c.members.Has(s) {
		return false
	}
	c.members = c.members.With(s)
	c.items = append(c.items, item)
	return true
}

// Take takes out the signal that came first, and returns false if none waits.
func (c *Coalesced) Take() (Item, bool) {
	if len(c.items) == 0 {
		return Item{}, false
	}
	item := c.items[0]
	c.members = c.members.Without(item.Info.Signal)
	if len(c.items) == 1 {
		c.items = nil
	} else {
		c.items = c.items[1:]
	}
	return item, true
}

// Discard throws all waiting signals away and returns how many they were.
func (c *Coalesced) Discard() int {
	n := len(c.items)
	*c = Coalesced{}
	return n
}
