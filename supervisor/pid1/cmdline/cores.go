package cmdline

import (
	"errors"
	"math/bits"
	"strconv"

	"supervise/internal/text"
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
func parseCoreLimit(value string) (limit uint64, err error) {
	if value == "unlimited" {
		return unlimited, nil
	}
	number, unit := digits(value)
	n, err := strconv.ParseUint(number, 10, 64)
	factor := uint64(0)
	if unit == "" {
		factor = 1
	}
	for _, s := range sizes {
		if unit == s.name {
			factor = s.bytes
		}
	}
	high, limit := bits.Mul64(n, factor)
	if err != nil || factor == 0 || high != 0 {
		return 0, errors.New(strconv.Quote(value) + " is not a size: give unlimited, 100MB, 64MiB, or a number of bytes")
	}
	return limit, nil
}

// mappings are the kinds of mapping, by bit: coredump.FilterNames.
var mappings = [...]string{
	"private-anonymous", "shared-anonymous", "private-file-backed", "shared-file-backed",
	"elf-headers", "private-huge", "shared-huge", "private-dax", "shared-dax",
}

const defaultFilter, allFilter = 0x33, 1<<len(mappings) - 1

// parseCoreFilter parses "private-anonymous,elf-headers", "default", "all" or a mask: "0x33".
func parseCoreFilter(value string) (filter uint32, err error) {
	for name := range text.Split(value, ',') {
		part := uint64(0)
		switch digits, hexadecimal := text.CutPrefix(name, "0x"); {
		case hexadecimal:
			part, err = strconv.ParseUint(digits, 16, 32)
		case name == "default":
			part = defaultFilter
		case name == "all":
			part = allFilter
		default:
			for bit, known := range mappings {
				if name == known {
					part = 1 << bit
				}
			}
			if part == 0 {
				err = errors.New("unknown")
			}
		}
		if err != nil || part > allFilter {
			return 0, errors.New(strconv.Quote(name) + " is no kind of mapping: give a mask up to 0x1ff, or names as " + mappings[0] + "," + mappings[4] + " (core(5))")
		}
		filter |= uint32(part)
	}
	return filter, nil
}

func setCoreLimit(l *line, value string) (err error) {
	l.options.CoreLimit.Given = true
	l.options.CoreLimit.Bytes, err = parseCoreLimit(value)
	return err
}

func setCoreFilter(l *line, value string) (err error) {
	l.options.CoreFilter.Given = true
	l.options.CoreFilter.Mask, err = parseCoreFilter(value)
	return err
}
