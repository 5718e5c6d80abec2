package tree

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// leftoverGrace is how long a start waits for what it has killed, which takes less than a
// millisecond unless something hangs.
const leftoverGrace = 2 * time.Second

// Leftovers kills what a supervisor of the same name left behind when it was killed itself,
// and returns what that was: what is in its cgroups, which are removed, and, unless marks is
// "", every process whose mark begins like that, with all that descends from it. The caller and
// its ancestors are spared. What survives SIGKILL for so long that it is an error (a process may be
// stuck in the kernel) stays.
func (r *Root) Leftovers(marks string) (members []Member, err error) {
	if r.dir != "" {
		members, err = r.buryCgroups()
	}
	if marks != "" {
		marked, failed := buryMarked([]byte(markVariable + marks))
		members, err = append(members, marked...), errors.Join(err, failed)
	}
	return members, err
}

func (r *Root) buryCgroups() ([]Member, error) {
	old := &cgroup{path: r.dir, group: r.group, fd: -1}
	members, err := old.Members()
	if err == nil && len(members) > 0 {
		if err = old.Kill(); err == nil {
			err = waitEmpty(r.dir, leftoverGrace)
		}
	}
	if err == nil {
		err = removeBelow(r.dir)
	}
	return members, err
}

// buryMarked kills all that has a mark, again and again until nothing is found.
func buryMarked(mark []byte) (members []Member, err error) {
	found := map[int]entry{}
	pick := func(all []entry) ([]entry, bool) {
		picked := pickMarked(all, mark)
		for _, p := range picked {
			if found[p.pid].started != p.started {
				found[p.pid] = p
				members = append(members, Member{PID: p.pid, Name: p.name})
			}
		}
		return picked, false
	}
	for deadline := time.Now().Add(leftoverGrace); ; {
		if err := killAll(pick, nil); err != nil {
			return members, err
		}
		for _, p := range found {
			p.awaitEnd(deadline)
		}
		all, err := processes()
		left := pickMarked(all, mark)
		if err != nil || len(left) == 0 {
			return members, err
		}
		if time.Now().After(deadline) {
			return members, fmt.Errorf("process %d (%s) survives SIGKILL, or others that fork all the time do", left[0].pid, left[0].name)
		}
	}
}

// pickMarked chooses the living processes that have a mark or descend from one that has,
// but neither the caller nor one of its ancestors: one may restart a supervisor by hand in a
// shell that was a service of the earlier one.
func pickMarked(all []entry, mark []byte) (picked []entry) {
	at := make(map[int]int, len(all))
	for i, p := range all {
		at[p.pid] = i
	}
	const unknown, spared, foreign, marked = 0, 1, 2, 3
	verdicts := make([]int, len(all))
	for pid, depth := os.Getpid(), 0; depth < len(all); depth++ {
		i, listed := at[pid]
		if !listed {
			break
		}
		verdicts[i], pid = spared, all[i].ppid
	}
	var decide func(i, depth int) int
	decide = func(i, depth int) int {
		if verdicts[i] != unknown {
			return verdicts[i]
		}
		verdicts[i] = foreign
		// Threads of the kernel are in no session.
		if all[i].session != 0 && hasMark(all[i].pid, mark) {
			verdicts[i] = marked
		} else if parent, listed := at[all[i].ppid]; listed && depth < len(all) && decide(parent, depth+1) == marked {
			verdicts[i] = marked
		}
		return verdicts[i]
	}
	for i := range all {
		if decide(i, 0) == marked && !all[i].zombie {
			picked = append(picked, all[i])
		}
	}
	return picked
}

// hasMark reports whether an entry of a process's initial environment begins with a mark. Who
// is in the middle of an execve(2) has none for a moment; there is another look.
func hasMark(pid int, mark []byte) bool {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/environ")
	return err == nil && (bytes.HasPrefix(text, mark) || bytes.Contains(text, append([]byte{0}, mark...)))
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
