package doctor

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"supervise/internal/sys"
)

// manyZombies is from how many on zombies of one parent are a warning: a few are there at
// any moment on a machine that is busy.
const manyZombies = 10

// mostParents is how many parents a finding names.
const mostParents = 3

// zombies looks for processes that live and do not wait for their children. No init can
// reap these: they are not its own until their parent is gone.
func zombies(processes iter.Seq[sys.Stat]) Finding {
	f := Finding{
		Name: "zombies", Status: Good, Value: "none",
		Meaning: "no process leaves children behind that nobody waits for",
	}
	count, names := map[int]int{}, map[int]string{}
	total := 0
	for stat := range processes {
		names[stat.PID] = stat.Name
		if stat.Zombie() {
			count[stat.Parent]++
			total++
		}
	}
	if total == 0 {
		return f
	}
	parents := slices.SortedFunc(maps.Keys(count), func(a, b int) int {
		return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(a, b))
	})
	var b strings.Builder
	for i, parent := range parents {
		if i == mostParents {
			fmt.Fprintf(&b, ", and %d more parents", len(parents)-i)
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%d of pid %d (%s)", count[parent], parent, names[parent])
	}
	f.Status, f.Value = Note, b.String()
	f.Meaning = "their parent lives and has not waited for them: if they stay, the program at fault is that one, not its init; they go when it does"
	if count[parents[0]] >= manyZombies {
		f.Status = Bad
	}
	return f
}
