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

// manyZombies is the number of zombies of one parent that is worth a warning: a busy machine
// has a few at any moment.
const manyZombies = 10

// mostParents is how many parents a finding names.
const mostParents = 3

// zombies looks for processes that live and do not wait for their children. No init can reap
// those: they are not its own until their parent is gone.
func zombies(processes iter.Seq[sys.Stat]) Finding {
	f := Finding{
		Name: "zombies", Status: Good, Value: "none",
		Meaning: "no process has children that it does not wait for",
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
	f.Meaning = "their parent lives and has not waited for them: if they stay, that program is at fault, not its init; they go when it does"
	if count[parents[0]] >= manyZombies {
		f.Status = Bad
	}
	return f
}
