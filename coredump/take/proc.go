package take

import (
	"bytes"
	"os"
	"strconv"
	"strings"
)

// stat is what of /proc/PID/stat matters: proc_pid_stat(5).
type stat struct {
	comm                   string
	state                  byte
	ppid, pgrp, sid        int
	flags                  uint64
	utime, stime           uint64 // in ticks
	childUtime, childStime uint64
	nice                   int
}

// readStat reads the stat of a process or a thread.
func readStat(path string) (stat, bool) {
	text, err := os.ReadFile(path)
	if err != nil {
		return stat{}, false
	}
	// The name is in parentheses, and may have some itself.
	open, end := bytes.IndexByte(text, '('), bytes.LastIndexByte(text, ')')
	if open < 0 || end < open {
		return stat{}, false
	}
	fields := strings.Fields(string(text[end+1:]))
	const needed = 17
	if len(fields) < needed {
		return stat{}, false
	}
	number := func(i int) uint64 { n, _ := strconv.ParseUint(fields[i], 10, 64); return n }
	signed := func(i int) int { n, _ := strconv.Atoi(fields[i]); return n }
	return stat{
		comm: string(text[open+1 : end]), state: fields[0][0],
		ppid: signed(1), pgrp: signed(2), sid: signed(3), flags: number(6),
		utime: number(11), stime: number(12), childUtime: number(13), childStime: number(14), nice: signed(16),
	}, true
}

// statusField returns a line of a /proc/PID/status.
func statusField(path, name string) string {
	text, _ := os.ReadFile(path)
	_, line, _ := strings.Cut("\n"+string(text), "\n"+name+":")
	line, _, _ = strings.Cut(line, "\n")
	return strings.TrimSpace(line)
}

// mapping is one line of /proc/PID/maps.
type mapping struct {
	start, end uint64
	flags      string // "rw-p"
	offset     uint64
	inode      uint64
	path       string
}

func (m *mapping) private() bool { return strings.HasSuffix(m.flags, "p") }

// anonymous reports whether it is of no file.
func (m *mapping) anonymous() bool { return m.inode == 0 && !strings.HasPrefix(m.path, "/") }

// parseMapping parses a line of maps, or the first of an entry of smaps.
func parseMapping(line string) (m mapping, ok bool) {
	fields := strings.SplitN(line, " ", 6)
	if len(fields) < 5 || len(fields[1]) != 4 {
		return m, false
	}
	start, end, _ := strings.Cut(fields[0], "-")
	var err [4]error
	m.start, err[0] = strconv.ParseUint(start, 16, 64)
	m.end, err[1] = strconv.ParseUint(end, 16, 64)
	m.offset, err[2] = strconv.ParseUint(fields[2], 16, 64)
	m.inode, err[3] = strconv.ParseUint(fields[4], 10, 64)
	m.flags = fields[1]
	if len(fields) == 6 {
		// The kernel writes a newline in a name as \012, and nothing else.
		m.path = strings.ReplaceAll(strings.TrimLeft(fields[5], " "), `\012`, "\n")
	}
	return m, err == [4]error{} && m.start < m.end
}

// parseMaps parses /proc/PID/maps, without the kernel's own page at the end of the addresses.
func parseMaps(text []byte) (maps []mapping) {
	for line := range strings.Lines(string(text)) {
		if m, ok := parseMapping(strings.TrimSuffix(line, "\n")); ok && m.end < 1<<63 {
			maps = append(maps, m)
		}
	}
	return maps
}

// detail is what smaps says beside a mapping.
type detail struct {
	start, end uint64
	written    bool   // it has pages of its own
	flags      string // VmFlags: " rd wr mr "
}

// parseSmaps parses /proc/PID/smaps.
func parseSmaps(text []byte) (details []detail) {
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(line, ":")
		switch name {
		case "Anonymous", "Swap":
			if len(details) > 0 && strings.TrimSpace(value) != "0 kB" {
				details[len(details)-1].written = true
			}
		case "VmFlags":
			if len(details) > 0 {
				details[len(details)-1].flags = " " + strings.TrimSpace(value) + " "
			}
		default:
			if m, ok := parseMapping(strings.TrimSuffix(line, "\n")); ok {
				details = append(details, detail{start: m.start, end: m.end})
			}
		}
	}
	return details
}
