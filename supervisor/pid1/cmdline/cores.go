package cmdline

import (
	"math/bits"

	"supervise/internal/text"
	"supervise/supervisor/pid1"
)

// Packages coredump and size have the same words, and more to say about wrong ones; but they are
// not for programs that somebody waits for.

const unlimited = 1<<64 - 1

// sizes are the units of a limit, powers of 1000 and of 1024.
var sizes = [...]struct {
	name  string
	bytes uint64
}{{"B", 1}, {"kB", 1e3}, {"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"TB", 1e12}, {"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", 1 << 40}}

// parseCoreLimit parses "unlimited", "100MB" or a number of bytes.
func parseCoreLimit(value string) (limit uint64, ok bool) {
	if value == "unlimited" {
		return unlimited, true
	}
	number, unit := digits(value)
	n, ok := text.Uint(number, unlimited)
	factor := uint64(0)
	if unit == "" {
		factor = 1
	}
	for i := range sizes {
		if unit == sizes[i].name {
			factor = sizes[i].bytes
		}
	}
	high, limit := bits.Mul64(n, factor)
	return limit, ok && factor != 0 && high == 0
}

// mappings are the kinds of mapping, by bit: coredump.FilterNames.
var mappings = [...]string{
	"private-anonymous", "shared-anonymous", "private-file-backed", "shared-file-backed",
	"elf-headers", "private-huge", "shared-huge", "private-dax", "shared-dax",
}

const defaultFilter, allFilter = 0x33, 1<<len(mappings) - 1

// parseCoreFilter parses "private-anonymous,elf-headers", "default", "all" or a mask: "0x33".
// If it cannot, wrong is the part that is none of these.
func parseCoreFilter(value string) (filter uint32, wrong string, ok bool) {
	for more := true; more; {
		var name string
		name, value, more = text.Cut(value, ',')
		part, ok := mapping(name)
		if !ok {
			return 0, name, false
		}
		filter |= part
	}
	return filter, "", true
}

func mapping(name string) (mask uint32, ok bool) {
	if digits, hexadecimal := text.CutPrefix(name, "0x"); hexadecimal {
		return parseMask(digits)
	}
	switch name {
	case "default":
		return defaultFilter, true
	case "all":
		return allFilter, true
	}
	for bit := range mappings {
		if name == mappings[bit] {
			return 1 << bit, true
		}
	}
	return 0, false
}

// parseMask parses hexadecimal digits.
func parseMask(digits string) (mask uint32, ok bool) {
	for i := range len(digits) {
		c := digits[i]
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		if mask = mask<<4 | uint32(c); mask > allFilter {
			return 0, false
		}
	}
	return mask, digits != ""
}

func setCoreLimit(l *Line, value string) bool {
	limit, ok := parseCoreLimit(value)
	if !ok {
		return l.fail(notSize, value)
	}
	l.Options.CoreLimit = pid1.CoreLimit{Given: true, Bytes: limit}
	return true
}

func setCoreFilter(l *Line, value string) bool {
	filter, wrong, ok := parseCoreFilter(value)
	if !ok {
		return l.fail(notMapping, wrong)
	}
	l.Options.CoreFilter = pid1.CoreFilter{Given: true, Mask: filter}
	return true
}
