package procfs

import (
	"errors"
	"io/fs"
	"strconv"
	"strings"

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
	dir := "/proc/" + strconv.Itoa(pid) + "/task/"
	for tid := range sys.ThreadsOf(pid) {
		text, err := sys.ReadFile(dir + strconv.Itoa(tid) + "/children")
		if errors.Is(err, fs.ErrNotExist) && alive(dir, tid) {
			return among(pid) // a kernel without CONFIG_PROC_CHILDREN
		}
		for id := range strings.FieldsSeq(text) {
			child, err := strconv.Atoi(id)
			if err != nil {
				continue
			}
			if s, err := sys.ReadStat(child); err == nil {
				children = append(children, s)
			}
		}
	}
	return children
}

func alive(dir string, tid int) bool {
	_, err := sys.ReadFile(dir + strconv.Itoa(tid) + "/stat")
	return err == nil
}

// among finds children by looking at every process.
func among(pid int) (children []sys.Stat) {
	for s := range sys.Processes() {
		if s.Parent == pid {
			children = append(children, s)
		}
	}
	return children
}
