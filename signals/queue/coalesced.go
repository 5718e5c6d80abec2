package queue

import "supervise/signals"

// Coalesced keeps signals as the kernel keeps pending standard signals: the first of each
// number, with its sender; later ones of that number merge into it. They are taken out in the
// order in which they came. The zero value is empty and ready. It is not safe for concurrent
// use.
type Coalesced struct {
	members signals.Set
	items   []Item
}

// Len returns how many signals wait, all of different numbers.
func (c *Coalesced) Len() int { return len(c.items) }

// Items returns a copy of what waits, in the order in which it came. Added to another one,
// they make it the same.
func (c *Coalesced) Items() []Item { return append([]Item(nil), c.items...) }

// Add takes in a signal. It returns false if one of the same number already waits, or if the
// number is not valid.
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

// Discard drops all waiting signals and returns how many there were.
func (c *Coalesced) Discard() int {
	n := len(c.items)
	*c = Coalesced{}
	return n
}
