package sim

// fifo is a queue that uses its memory again each time that it is empty.
type fifo[T any] struct {
	items []T
	taken int
}

func (f *fifo[T]) add(item T) { f.items = append(f.items, item) }
func (f *fifo[T]) len() int   { return len(f.items) - f.taken }

// first is the one that take returns next. There must be one.
func (f *fifo[T]) first() *T { return &f.items[f.taken] }

func (f *fifo[T]) take() T {
	item := f.items[f.taken]
	if f.taken++; f.taken == len(f.items) {
		f.items, f.taken = f.items[:0], 0
	}
	return item
}
