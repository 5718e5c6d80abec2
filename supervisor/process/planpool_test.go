//go:build linux && (amd64 || arm64)

package process

import "testing"

// TestTrim: of many plans only the static one is left, whether it is in use meanwhile or not.
func TestTrim(t *testing.T) {
	for _, meanwhile := range []bool{false, true} {
		var used []*plan
		for range len(plans.free) {
			used = append(used, plans.take())
		}
		first := -1
		for i, p := range used {
			if p == &firstPlan.plan {
				first = i
			} else {
				plans.put(p)
			}
		}
		if first < 0 {
			t.Fatal("nobody has the static plan")
		}
		if !meanwhile {
			plans.put(used[first])
		}
		Trim()
		if meanwhile {
			if plans.count != 0 {
				t.Errorf("%d plans are left", plans.count)
			}
			plans.put(used[first])
		}
		if p := plans.take(); p != &firstPlan.plan || plans.count != 0 {
			t.Errorf("not the static plan is left, but %p, and %d more", p, plans.count)
		} else {
			plans.put(p)
		}
	}
}
