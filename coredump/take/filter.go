package take

import (
	"os"
	"sort"
	"strconv"
	"strings"

	"supervise/coredump"
	"supervise/coredump/elfcore"
)

// segment makes a mapping a segment without memory.
func segment(m *mapping) elfcore.Segment {
	s := elfcore.Segment{Start: m.start, Size: m.end - m.start}
	for i, flag := range []elfcore.SegmentFlags{elfcore.Read, elfcore.Write, elfcore.Execute} {
		if m.flags[i] != '-' {
			s.Flags |= flag
		}
	}
	return s
}

// guess makes segments of what the core may have, by what is known while the process stands:
// rather too much, which filtered takes back.
func guess(maps []mapping) []elfcore.Segment {
	segments := make([]elfcore.Segment, 0, len(maps))
	page := uint64(os.Getpagesize())
	for i := range maps {
		m := &maps[i]
		s := segment(m)
		switch {
		case strings.HasPrefix(m.path, "[vvar"), s.Flags&elfcore.Read == 0:
		case m.anonymous(), s.Flags&elfcore.Write != 0, m.private() && relocated(maps, i):
			s.FileSize = int64(s.Size)
		case m.offset == 0:
			s.FileSize = int64(min(page, s.Size))
		}
		segments = append(segments, s)
	}
	return segments
}

// relocated reports whether a mapping could be what the dynamic linker has written to and then
// made read-only: of a file that is mapped writable behind it. The program's dynamic section is
// there.
func relocated(maps []mapping, i int) bool {
	if i+1 == len(maps) || strings.Contains(maps[i].flags, "x") || maps[i].offset == 0 {
		return false
	}
	next := &maps[i+1]
	return next.path == maps[i].path && next.start == maps[i].end && strings.Contains(next.flags, "w")
}

// filter is what the process wants dumped.
type filter struct {
	kinds   coredump.Filter
	details []detail // in the order of addresses
}

// readFilter reads it, when the process runs again: that takes longer than the rest.
func readFilter(pid int) (filter, error) {
	dir := "/proc/" + strconv.Itoa(pid) + "/"
	text, err := os.ReadFile(dir + "coredump_filter")
	if err != nil {
		return filter{}, err
	}
	mask, err := strconv.ParseUint(strings.TrimSpace(string(text)), 16, 32)
	if err != nil {
		return filter{}, err
	}
	smaps, err := os.ReadFile(dir + "smaps")
	if err != nil || len(smaps) == 0 {
		return filter{}, gone(pid)
	}
	return filter{coredump.Filter(mask), parseSmaps(smaps)}, nil
}

// dumped returns how much of a mapping belongs in the core: vma_dump_size of the kernel's
// fs/coredump.c.
func (f *filter) dumped(m *mapping, starts func(uint64) bool) uint64 {
	size := m.end - m.start
	i := sort.Search(len(f.details), func(i int) bool { return f.details[i].end > m.start })
	if m.path == "[vdso]" {
		return size
	}
	// What is no more there, or never was to be dumped.
	if i == len(f.details) || f.details[i].start > m.start || strings.HasPrefix(m.path, "[vvar") {
		return 0
	}
	d := &f.details[i]
	has := func(flag string) bool { return strings.Contains(d.flags, " "+flag+" ") }
	of := func(kind coredump.Filter) uint64 {
		if f.kinds&kind != 0 {
			return size
		}
		return 0
	}
	deleted := strings.HasSuffix(m.path, " (deleted)")
	switch shared := has("sh"); {
	case has("dd"), has("io"):
		return 0
	case has("ht") && shared:
		return of(coredump.SharedHuge)
	case has("ht"):
		return of(coredump.PrivateHuge)
	case shared && deleted:
		return of(coredump.SharedAnonymous)
	case shared:
		return of(coredump.SharedFileBacked)
	case m.anonymous():
		return of(coredump.PrivateAnonymous)
	case d.written && f.kinds&coredump.PrivateAnonymous != 0, f.kinds&coredump.PrivateFileBacked != 0:
		return size
	}
	page := uint64(os.Getpagesize())
	if f.kinds&coredump.ELFHeaders != 0 && m.offset == 0 && m.flags[0] == 'r' && starts(m.start) {
		return min(page, size)
	}
	return 0
}
