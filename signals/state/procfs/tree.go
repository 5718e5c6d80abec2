package procfs

import (
	"supervise/internal/sys"
)

// Tree returns a process and all that descend from it, each behind its parent.
func Tree(pid int) []int {
	children := map[int][]int{}
	for s := range sys.Processes() {
		children[s.Parent] = append(children[s.Parent], s.PID)
	}
	tree := []int{pid}
	for i := 0; i < len(tree); i++ {
		tree = append(tree, children[tree[i]]...)
	}
	return tree
}

// Children returns the children of a process, zombies too.
func Children(pid int) (children []sys.Stat) {
	for s := range sys.Processes() {
		if s.Parent == pid {
			children = append(children, s)
		}
	}
	return children
}
