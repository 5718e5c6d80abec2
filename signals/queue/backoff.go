package queue

// The bounds of a [Backoff], in nanoseconds.
const (
	RetryFirst int64 = 1_000_000  // 1 ms
	RetryLast  int64 = 50_000_000 // 50 ms
)

// Backoff paces the retries of a signal that the kernel had no room for: 1 ms, doubling up to
// 50 ms. Polling is the only way: no event says that a receiver has taken a signal off its
// queue. The zero value is ready.
type Backoff struct {
	Last int64 // the wait before the last attempt; 0 when there was none
}

// Next returns how many nanoseconds to wait before the next attempt.
func (b *Backoff) Next() int64 {
	b.Last = min(max(2*b.Last, RetryFirst), RetryLast)
	return b.Last
}

// Reset makes the next wait the shortest again, after a signal was sent.
func (b *Backoff) Reset() { b.Last = 0 }
