package queue

import (
	"flag"
	"math/rand/v2"
	"slices"
	"testing"

	"supervise/signals"
)

var seed = flag.Uint64("seed", 1, "seed of the model-based test")

// item is a signal that is different from all others.
func item(n int) Item {
	return Item{
		Info:   signals.Info{Signal: signals.SIGRTMIN, Code: signals.CodeQueue, PID: int32(n), Value: uint64(n)},
		Ticket: uint64(n),
	}
}

func drain(q *Queue) []int {
	var got []int
	for {
		front, ok := q.Front()
		popped, also := q.Pop()
		if ok != also || front != popped {
			panic("Front and Pop disagree")
		}
		if !ok {
			return got
		}
		got = append(got, int(popped.Ticket))
	}
}

func TestPolicies(t *testing.T) {
	tests := []struct {
		name   string
		limit  int
		policy Policy
		push   int
		want   []int
		counts Counts
	}{
		{"nothing", 2, Wait, 0, nil, Counts{}},
		{"below the limit", 3, DropNewest, 2, []int{1, 2}, Counts{Queued: 2, Delivered: 2, HighWater: 2}},
		{"wait is soft", 2, Wait, 4, []int{1, 2, 3, 4}, Counts{Queued: 4, Delivered: 4, HighWater: 4}},
		{"drop oldest", 2, DropOldest, 5, []int{4, 5}, Counts{Queued: 5, Delivered: 2, DroppedOldest: 3, HighWater: 2}},
		{"drop newest", 2, DropNewest, 5, []int{1, 2}, Counts{Queued: 2, Delivered: 2, DroppedNewest: 3, HighWater: 2}},
		{"no limit is one", 0, DropOldest, 2, []int{2}, Counts{Queued: 2, Delivered: 1, DroppedOldest: 1, HighWater: 1}},
		{
			"odd limit", 13, DropNewest, 14,
			[]int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13},
			Counts{Queued: 13, Delivered: 13, DroppedNewest: 1, HighWater: 13},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			q := New(test.limit, test.policy)
			for n := 1; n <= test.push; n++ {
				dropped, drop := q.Push(item(n))
				overflow := n > q.Limit() && test.policy != Wait
				if drop != overflow {
					t.Fatalf("pushing %d: dropped %v", n, drop)
				}
				want := Item{}
				switch {
				case drop && test.policy == DropOldest:
					want = item(n - q.Limit())
				case drop:
					want = item(n)
				}
				if dropped != want {
					t.Fatalf("pushing %d dropped %v, want %v", n, dropped, want)
				}
			}
			if full := test.push >= q.Limit(); q.Full() != full {
				t.Errorf("full is %v, want %v", q.Full(), full)
			}
			if got := drain(&q); !slices.Equal(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
			if q.Counts() != test.counts {
				t.Errorf("counts %+v, want %+v", q.Counts(), test.counts)
			}
		})
	}
}

func TestZeroValue(t *testing.T) {
	var q Queue
	q.Push(item(1))
	if !q.Full() || q.Limit() != 1 {
		t.Errorf("full %v, limit %d", q.Full(), q.Limit())
	}
	if got := drain(&q); !slices.Equal(got, []int{1}) {
		t.Errorf("got %v", got)
	}
}

func TestPutBackComesFirst(t *testing.T) {
	q := New(2, DropNewest)
	q.Push(item(2))
	q.Push(item(3))
	q.PutBack(item(1))
	if got := drain(&q); !slices.Equal(got, []int{1, 2, 3}) {
		t.Errorf("got %v", got)
	}
}

func TestDiscard(t *testing.T) {
	q := New(100, Wait)
	for n := range 50 {
		q.Push(item(n))
	}
	if n := q.Discard(); n != 50 || q.Len() != 0 || q.Counts().Discarded != 50 {
		t.Errorf("discarded %d, %d left, counts %+v", n, q.Len(), q.Counts())
	}
	if q.ring != nil {
		t.Error("keeps memory")
	}
}

// TestMemory pins what the package promises: nothing when unused, the limit at the
// most, and nearly nothing after a flood.
func TestMemory(t *testing.T) {
	q := New(5000, DropNewest)
	if q.ring != nil {
		t.Fatal("allocates before it is used")
	}
	for n := range 6000 {
		q.Push(item(n))
	}
	if len(q.ring) != 5000 {
		t.Errorf("%d slots for 5000", len(q.ring))
	}
	drain(&q)
	if len(q.ring) > smallest {
		t.Errorf("%d slots after a flood", len(q.ring))
	}
	allocations := testing.AllocsPerRun(100, func() {
		q.Push(item(1))
		q.Pop()
	})
	if allocations != 0 {
		t.Errorf("%v allocations to pass one signal", allocations)
	}
}

// TestModel compares the ring with the plainest thing that could do its work.
func TestModel(t *testing.T) {
	random := rand.New(rand.NewPCG(*seed, 0))
	for range 300 {
		limit, policy := 1+random.IntN(40), Policy(random.IntN(3))
		q := New(limit, policy)
		var model []Item
		var counts Counts
		for step := range 400 {
			switch next := item(step); {
			case random.IntN(200) == 0:
				counts.Discarded += uint64(len(model))
				if q.Discard() != len(model) {
					t.Fatalf("seed %d: discard", *seed)
				}
				model = nil
			case random.IntN(20) == 0:
				q.PutBack(next)
				model = slices.Insert(model, 0, next)
				counts.Queued++
			case random.IntN(100) < 30+random.IntN(40):
				q.Push(next)
				if len(model) >= limit && policy == DropNewest {
					counts.DroppedNewest++
					break
				}
				if len(model) >= limit && policy == DropOldest {
					counts.DroppedOldest++
					model = model[1:]
				}
				model = append(model, next)
				counts.Queued++
			default:
				got, ok := q.Pop()
				if ok != (len(model) > 0) || ok && got != model[0] {
					t.Fatalf("seed %d: pop gave %v, %v; model %v", *seed, got, ok, model)
				}
				if ok {
					model = model[1:]
					counts.Delivered++
				}
			}
			counts.HighWater = max(counts.HighWater, len(model))
			if q.Len() != len(model) || q.Counts() != counts || q.Full() != (len(model) >= limit) {
				t.Fatalf("seed %d: length %d, counts %+v; model has %d, %+v", *seed, q.Len(), q.Counts(), len(model), counts)
			}
			if len(q.ring) > max(limit, smallest) && policy != Wait && q.Len() <= limit/4 {
				t.Fatalf("seed %d: %d slots for %d", *seed, len(q.ring), q.Len())
			}
		}
	}
}

func TestCoalesced(t *testing.T) {
	from := func(s signals.Signal, pid int32) Item { return Item{Info: signals.Info{Signal: s, PID: pid}} }
	var c Coalesced
	for _, step := range []struct {
		item Item
		want bool
	}{
		{from(signals.SIGHUP, 1), true},
		{from(signals.SIGUSR1, 2), true},
		{from(signals.SIGHUP, 3), false},
		{from(signals.SIGSYS, 4), true},
		{from(0, 5), false},
	} {
		if got := c.Add(step.item); got != step.want {
			t.Errorf("adding %v: %v", step.item.Info, got)
		}
	}
	var senders []int32
	for item, ok := c.Take(); ok; item, ok = c.Take() {
		senders = append(senders, item.Info.PID)
	}
	if !slices.Equal(senders, []int32{1, 2, 4}) {
		t.Errorf("came from %v", senders)
	}
	if !c.Add(from(signals.SIGHUP, 6)) || c.Discard() != 1 || c.Len() != 0 || !c.Add(from(signals.SIGHUP, 7)) {
		t.Error("does not forget what it gave away")
	}
}

func TestBackoff(t *testing.T) {
	var b Backoff
	for range 2 {
		var got []int64
		for range 8 {
			got = append(got, b.Next()/1_000_000)
		}
		if want := []int64{1, 2, 4, 8, 16, 32, 50, 50}; !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
		b.Reset()
	}
}

func BenchmarkPushPop(b *testing.B) {
	q := New(4096, Wait)
	b.ReportAllocs()
	for n := range b.N {
		q.Push(item(n))
		q.Pop()
	}
}

// TestRestore: a copy of a queue behaves as the queue does.
func TestRestore(t *testing.T) {
	q := New(3, DropOldest)
	for ticket := range uint64(20) {
		q.Push(Item{Info: signals.Info{Signal: signals.SIGRTMIN}, Ticket: ticket})
		if ticket%3 == 0 {
			q.Pop()
		}
	}
	again := Restore(q.Limit(), DropOldest, q.Items(), q.Counts())
	for ticket := range uint64(10) {
		item := Item{Ticket: 100 + ticket}
		want, drop := q.Push(item)
		if got, dropped := again.Push(item); got != want || dropped != drop || again.Counts() != q.Counts() {
			t.Fatalf("drops %v, %v with %+v; want %v, %v with %+v", got, dropped, again.Counts(), want, drop, q.Counts())
		}
	}
	var first, second Coalesced
	first.Add(Item{Info: signals.Info{Signal: signals.SIGHUP}, Ticket: 1})
	first.Add(Item{Info: signals.Info{Signal: signals.SIGTERM}, Ticket: 2})
	for _, item := range first.Items() {
		second.Add(item)
	}
	if got, _ := second.Take(); got.Ticket != 1 || second.Len() != 1 || first.Len() != 2 {
		t.Errorf("took %v, %d and %d are left", got, second.Len(), first.Len())
	}
}
