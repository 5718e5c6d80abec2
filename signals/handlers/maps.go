package handlers

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
)

// mapping is a part of a file that is mapped as code.
type mapping struct {
	start, end, offset uint64
	path               string // without " (deleted)"; [vdso] and the like for what is no file
	deleted            bool
}

// file reports whether a file is mapped, rather than anonymous memory.
func (m *mapping) file() bool { return strings.HasPrefix(m.path, "/") }

// readMaps reads what a process has mapped as code.
func readMaps(pid int) ([]mapping, error) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/maps")
	if err != nil {
		return nil, fmt.Errorf("where the code of pid %d is: %w", pid, err)
	}
	return parseMaps(string(text)), nil
}

// parseMaps parses /proc/PID/maps: proc_pid_maps(5). It leaves out what is no code, and what
// it does not understand.
func parseMaps(text string) (maps []mapping) {
	for line := range strings.Lines(text) {
		if m, ok := parseMapping(strings.TrimSuffix(line, "\n")); ok {
			maps = append(maps, m)
		}
	}
	return maps
}

func parseMapping(line string) (m mapping, ok bool) {
	var fields [5]string // addresses, permissions, offset, device, inode
	rest := line
	for i := range fields {
		fields[i], rest, ok = strings.Cut(rest, " ")
		if !ok && i < len(fields)-1 {
			return m, false
		}
	}
	if len(fields[1]) < 3 || fields[1][2] != 'x' {
		return m, false
	}
	from, to, ok := strings.Cut(fields[0], "-")
	var errs [3]error
	m.start, errs[0] = strconv.ParseUint(from, 16, 64)
	m.end, errs[1] = strconv.ParseUint(to, 16, 64)
	m.offset, errs[2] = strconv.ParseUint(fields[2], 16, 64)
	if !ok || errs != [3]error{} || m.end <= m.start {
		return m, false
	}
	m.path = strings.ReplaceAll(strings.TrimLeft(rest, " "), `\012`, "\n")
	m.path, m.deleted = strings.CutSuffix(m.path, " (deleted)")
	return m, true
}

// at returns the mapping that has an address, nil if there is none.
func at(maps []mapping, address uint64) *mapping {
	i := slices.IndexFunc(maps, func(m mapping) bool { return address >= m.start && address < m.end })
	if i < 0 {
		return nil
	}
	return &maps[i]
}
