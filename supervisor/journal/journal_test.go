package journal

import (
	"slices"
	"testing"
	"time"

	"supervise/supervisor/control/request"
)

func numbers(events []request.Event) []uint64 {
	var ids []uint64
	for _, e := range events {
		ids = append(ids, e.ID)
	}
	return ids
}

func TestLast(t *testing.T) {
	began := time.Unix(1000, 0)
	j := New(4, began)
	if got := j.Last(nil, 0); got != nil {
		t.Errorf("an empty journal has %v", got)
	}
	for i, service := range []string{"web", "db", "", "web", "db", "web"} {
		if id := j.Add(Entry{Time: time.Duration(i) * time.Second, Service: service, Kind: "k", Text: "t"}); id != uint64(i+1) {
			t.Errorf("entry %d has number %d", i, id)
		}
	}
	tests := []struct {
		services []string
		limit    int
		want     []uint64
	}{
		{nil, 0, []uint64{3, 4, 5, 6}},
		{nil, 2, []uint64{5, 6}},
		{[]string{"web"}, 0, []uint64{3, 4, 6}},
		{[]string{"db"}, 1, []uint64{5}},
		{[]string{"db", "web"}, 3, []uint64{4, 5, 6}},
		{[]string{"nobody"}, 0, []uint64{3}},
		{nil, 100, []uint64{3, 4, 5, 6}},
	}
	for _, test := range tests {
		if got := numbers(j.Last(test.services, test.limit)); !slices.Equal(got, test.want) {
			t.Errorf("the last %d of %v are %v, want %v", test.limit, test.services, got, test.want)
		}
	}
	if e, ok := j.Event(6); !ok || !e.Time.Equal(began.Add(5*time.Second)) || e.Origin != 6 {
		t.Errorf("entry 6 is %+v, %v", e, ok)
	}
	for _, id := range []uint64{0, 2, 7} {
		if e, ok := j.Event(id); ok {
			t.Errorf("there is an entry %d: %+v", id, e)
		}
	}
}

func TestWhy(t *testing.T) {
	j := New(100, time.Unix(0, 0))
	add := func(service string, cause, origin uint64) uint64 {
		return j.Add(Entry{Service: service, Cause: cause, Origin: origin, Kind: "k"})
	}
	boot := add("", 0, 0)
	up := add("web", boot, boot)
	add("db", boot, boot)
	signal := add("", 0, 0) // to the supervisor
	down := add("web", signal, signal)
	other := add("db", signal, signal)
	rung := add("web", 0, signal)
	if got, want := numbers(j.Why("web")), []uint64{signal, down, rung}; !slices.Equal(got, want) {
		t.Errorf("why web: %v, want %v", got, want)
	}
	if got, want := numbers(j.Why("db")), []uint64{signal, other}; !slices.Equal(got, want) {
		t.Errorf("why db: %v, want %v", got, want)
	}
	if got := j.Why("nobody"); got != nil {
		t.Errorf("why nobody: %v", got)
	}
	// An exit that is a matter of its own, and came out of another.
	kill := add("web", up, up)
	exit := add("web", kill, 0)
	again := add("web", exit, exit)
	if got, want := numbers(j.Why("web")), []uint64{boot, up, kill, exit, again}; !slices.Equal(got, want) {
		t.Errorf("why web: %v, want %v", got, want)
	}
}

// TestWhyLater has an explanation begin with what changed the state last, whatever was said
// since.
func TestWhyLater(t *testing.T) {
	j := New(100, time.Unix(0, 0))
	add := func(service string, cause, origin uint64) uint64 {
		return j.Add(Entry{Service: service, Cause: cause, Origin: origin, Kind: "k"})
	}
	only := func(name string) func(string) bool { return func(service string) bool { return service == name } }
	boot := add("", 0, 0)
	up := add("web", boot, boot)
	j.Turn(up, only("web"))
	early := add("web", 0, 0)
	stop := add("web", 0, 0)
	add("db", 0, 0)
	rung := add("web", stop, stop)
	j.Turn(stop, only("web"))
	signal := add("web", 0, 0)
	lost := add("web", signal, signal)
	db := add("db", 0, 0)
	j.Turn(db, only("db"))
	timeout := add("web", rung, stop)
	if got, want := numbers(j.Why("web")), []uint64{stop, rung, signal, lost, timeout}; !slices.Equal(got, want) {
		t.Errorf("why web: %v, want %v", got, want)
	}
	// However many they are, they leave the rest its place.
	for range 3 * MaxLater {
		add("web", 0, 0)
	}
	want := []uint64{stop, rung, timeout}
	for id := j.Next() - MaxLater; id < j.Next(); id++ {
		want = append(want, id)
	}
	if got := numbers(j.Why("web")); !slices.Equal(got, want) || slices.Contains(got, early) {
		t.Errorf("why web: %v, want %v", got, want)
	}
}

// TestForgotten has an explanation whose beginning is forgotten.
func TestForgotten(t *testing.T) {
	j := New(3, time.Unix(0, 0))
	origin := j.Add(Entry{Service: "web"})
	for range 5 {
		j.Add(Entry{Service: "web", Cause: origin, Origin: origin})
	}
	if got, want := numbers(j.Why("web")), []uint64{4, 5, 6}; !slices.Equal(got, want) {
		t.Errorf("why web: %v, want %v", got, want)
	}
}

func TestOf(t *testing.T) {
	j := New(4, time.Unix(0, 0))
	for _, step := range []uint64{1, 3, 3, 4, 7, 7} { // the first two are forgotten
		j.Add(Entry{Step: step})
	}
	for step, want := range []uint64{0, 0, 0, 3, 4, 0, 0, 5, 0} {
		if got := j.Of(uint64(step)); got != want {
			t.Errorf("the first entry of step %d is %d, want %d", step, got, want)
		}
	}
}
