package tree

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"supervise/signals"
)

// leftoverGrace is how long a start waits for what it has killed, which takes less than a
// millisecond unless a process hangs.
const leftoverGrace = 2 * time.Second

// Leftovers kills and returns what a supervisor of the same name left behind when it was
// killed itself: everything in its cgroups, which are removed, and, unless marks is "", every
// process whose mark begins with marks, with its descendants. The caller and its ancestors
// are spared. A process that survives SIGKILL for too long (it may be stuck in the kernel) is
// an error.
func (r *Root) Leftovers(marks string) (members []Member, err error) {
	if r.dir != "" {
		members, err = r.clearCgroups()
	}
	if marks != "" {
		marked, failed := killMarked([]byte(markVariable + marks))
		members, err = append(members, marked...), errors.Join(err, failed)
	}
	return members, err
}

func (r *Root) clearCgroups() ([]Member, error) {
	old := &cgroup{root: &Root{dir: r.dir, group: r.group, children: family{Children: NoChildren{}}}, fd: -1}
	members, err := old.Members()
	if err == nil && len(members) > 0 {
		if _, err = old.Kill(); err == nil {
			err = waitEmpty(r.dir, leftoverGrace)
		}
	}
	if err == nil {
		err = removeBelow(r.dir)
	}
	return members, err
}

// unsureGrace is how long a start looks again for those that execute a program, or end, while
// they are looked at: on a busy machine somebody always does.
const unsureGrace = 100 * time.Millisecond

// killMarked kills everything with a mark, again until nothing is found.
func killMarked(mark []byte) (members []Member, err error) {
	found := map[int]entry{}
	pick := func(all []entry) (picked []entry, unsure bool) {
		picked, unsure = findMarked(all, mark)
		for _, p := range picked {
			if found[p.pid].started != p.started {
				found[p.pid] = p
				members = append(members, Member{PID: p.pid, Name: p.name})
			}
		}
		return picked, unsure
	}
	var h hunt
	for began := time.Now(); ; {
		if _, err := h.slice(others{}, pick, nil); err != nil {
			return members, err
		}
		if len(h.stopped) > 0 && time.Since(began) < leftoverGrace {
			continue
		}
		for _, p := range found {
			p.awaitEnd(began.Add(leftoverGrace))
		}
		all, err := processes()
		left, unsure := findMarked(all, mark)
		switch took := time.Since(began); {
		case err != nil, len(left) == 0 && (!unsure || took > unsureGrace):
			return members, err
		case took > leftoverGrace:
			h.kill()
			return members, fmt.Errorf("process %d (%s) survives SIGKILL, or new ones are forked all the time", left[0].pid, left[0].name)
		}
	}
}

// others are the orphans that are left to the ancestors of the calling process: those of a
// supervisor that was killed went to one of them as a rule, if only to PID 1.
type others struct{ NoChildren }

func (others) orphanPIDs() (pids []int, ok bool) {
	line := ancestors()
	for _, pid := range line[1:] {
		parent := strconv.Itoa(pid)
		more, _ := childPIDs("/proc/" + parent + "/task/" + parent + "/children")
		pids = append(pids, more...)
	}
	return slices.DeleteFunc(pids, func(pid int) bool { return slices.Contains(line, pid) }), true
}

// ancestors are the calling process, its parent, and so on, as far as they can be seen.
func ancestors() (pids []int) {
	pids = []int{os.Getpid()}
	for p, ok := readStat("self"); ok && p.ppid != 0 && !slices.Contains(pids, p.ppid); p, ok = readStat(strconv.Itoa(p.ppid)) {
		pids = append(pids, p.ppid)
	}
	return pids
}

// signal signals a process that somebody else reaps.
func (others) signal(p entry, s signals.Signal) { sendTo(p.pid, s, p.same) }

// findMarked selects the living processes that have a mark or descend from one that has,
// except the caller and its ancestors: a supervisor may be restarted by hand in a shell that
// was a service of the previous one. It is unsure if it could not tell of some.
func findMarked(all []entry, mark []byte) (picked []entry, unsure bool) {
	at := make(map[int]int, len(all))
	for i, p := range all {
		at[p.pid] = i
	}
	const unknown, spared, foreign, marked = 0, 1, 2, 3
	classes := make([]int, len(all))
	for pid, depth := os.Getpid(), 0; depth < len(all); depth++ {
		i, listed := at[pid]
		if !listed {
			break
		}
		classes[i], pid = spared, all[i].ppid
	}
	var classify func(i, depth int) int
	classify = func(i, depth int) int {
		if classes[i] != unknown {
			return classes[i]
		}
		classes[i] = foreign
		// Kernel threads are in no session.
		if p := all[i]; p.session != 0 && !p.zombie {
			yes, unknown := hasMark(p, mark)
			if yes {
				classes[i] = marked
				return marked
			}
			unsure = unsure || unknown
		}
		if parent, listed := at[all[i].ppid]; listed && depth < len(all) && classify(parent, depth+1) == marked {
			classes[i] = marked
		}
		return classes[i]
	}
	for i := range all {
		if classify(i, 0) == marked && !all[i].zombie {
			picked = append(picked, all[i])
		}
	}
	return picked, unsure
}

// hasMark reports whether an entry of a process's initial environment begins with a mark.
// unknown says that it has none at present, as in the middle of an execve(2).
func hasMark(p entry, mark []byte) (yes, unknown bool) {
	text := environ(p.pid)
	if text == nil {
		now, there := readStat(strconv.Itoa(p.pid))
		return false, there && now.execing
	}
	return bytes.HasPrefix(text, mark) || bytes.Contains(text, append([]byte{0}, mark...)), false
}

// awaitEnd waits until a process has ended, whoever reaps it, but not beyond the deadline.
func (p entry) awaitEnd(deadline time.Time) {
	fd, err := unix.PidfdOpen(p.pid, 0)
	if err != nil { // it is gone, or there are no pidfds: Linux 5.3
		for now, ok := readStat(strconv.Itoa(p.pid)); ok && !now.zombie && now.started == p.started && time.Now().Before(deadline); {
			time.Sleep(time.Millisecond)
			now, ok = readStat(strconv.Itoa(p.pid))
		}
		return
	}
	defer unix.Close(fd)
	fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	for p.same(p.pid) && fds[0].Revents == 0 && time.Now().Before(deadline) {
		_, _ = unix.Poll(fds, int(time.Until(deadline).Milliseconds())+1) // EINTR looks again
	}
}
