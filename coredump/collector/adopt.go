package collector

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"

	"supervise/coredump"
	"supervise/coredump/crasher"
	"supervise/coredump/report"
	"supervise/coredump/settings"
)

// Adopt looks for the core that the kernel has written of a process, in the way [Files], and
// has a handler take it over. Whether there was one comes by Progress. It returns false where
// another way holds. Time must be when the process was found to have ended.
func (c *Collector) Adopt(ended Ended) bool {
	if c.held.Way != Files {
		return false
	}
	select {
	case <-c.closing:
		return false
	default:
	}
	c.crashes.Go(func() { c.adopt(ended) })
	return true
}

func (c *Collector) adopt(e Ended) {
	if !c.slot() {
		return
	}
	defer func() { <-c.slots }()
	o := c.decide(crasher.Who{PID: e.PID, UID: e.UID, GID: e.GID, Signal: e.Signal, Name: e.Name}, -1, 0)
	o.UID = e.UID
	path, pattern, err := e.find()
	switch {
	case err != nil:
		c.lost(o, nil, report.Refused, err.Error())
	case path == "":
		c.lost(o, nil, report.Refused, "no core was found by core_pattern "+strconv.Quote(pattern))
	default:
		o.File = path
		c.handle(o, nil, -1)
	}
}

// before is how long before the end of a process its core may have been finished.
const before = 5 * time.Minute

// find finds the file that core_pattern names; "" if there is none.
func (e *Ended) find() (path, pattern string, err error) {
	kernel, err := settings.Read()
	if err != nil {
		return "", "", err
	}
	p, err := coredump.ParsePattern(kernel.Pattern)
	if err != nil || p.Kind != coredump.File {
		return "", kernel.Pattern, err
	}
	glob := p.Glob(e.facts(), kernel.UsesPID)
	if !filepath.IsAbs(glob) {
		if e.Directory == "" {
			return "", kernel.Pattern, nil
		}
		glob = filepath.Join(escape(e.Directory), glob)
	}
	found, err := filepath.Glob(escape(e.Root) + glob)
	type candidate struct {
		path string
		at   time.Time
	}
	var candidates []candidate
	for _, path := range found {
		st, err := os.Lstat(path)
		if err != nil || !st.Mode().IsRegular() || st.ModTime().Before(e.Time.Add(-before)) {
			continue
		}
		if owner := st.Sys().(*syscall.Stat_t).Uid; owner == 0 || int(owner) == e.UID {
			candidates = append(candidates, candidate{path, st.ModTime()})
		}
	}
	if len(candidates) == 0 {
		return "", kernel.Pattern, err
	}
	newest := slices.MaxFunc(candidates, func(a, b candidate) int { return cmp.Compare(a.at.UnixNano(), b.at.UnixNano()) })
	return newest.path, kernel.Pattern, nil
}

// facts are those that the name of the core may have.
func (e *Ended) facts() coredump.Facts {
	facts := coredump.Facts{
		coredump.PID: strconv.Itoa(e.PID), coredump.InitialPID: strconv.Itoa(e.PID),
		coredump.UID: strconv.Itoa(e.UID), coredump.GID: strconv.Itoa(e.GID), coredump.Signal: strconv.Itoa(e.Signal),
	}
	if e.Name != "" {
		facts[coredump.Name] = e.Name
	}
	if e.Exe != "" {
		facts[coredump.Executable] = e.Exe
	}
	if name, err := os.Hostname(); err == nil {
		facts[coredump.Host] = name
	}
	return facts
}

// escape makes a pattern of filepath.Glob that matches a path alone.
func escape(path string) string {
	escaped := make([]byte, 0, len(path))
	for i := range len(path) {
		switch path[i] {
		case '*', '?', '[', '\\':
			escaped = append(escaped, '\\')
		}
		escaped = append(escaped, path[i])
	}
	return string(escaped)
}
