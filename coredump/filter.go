package coredump

import (
	"math/bits"
	"strconv"
	"strings"

	"supervise/internal/guess"
)

// Filter is a process's coredump_filter: one bit for each kind of mapping that goes into its
// core. Even without any, a core has its notes and the vdso. core(5), "Controlling which
// mappings are written to the core dump".
type Filter uint32

// The kinds of mapping, bit 0 to bit 8: core(5), MMF_DUMP_* in the kernel's linux/mm_types.h.
const (
	PrivateAnonymous Filter = 1 << iota
	SharedAnonymous
	PrivateFileBacked
	SharedFileBacked
	ELFHeaders // the first page of a mapped ELF file, which has its build id
	PrivateHuge
	SharedHuge
	PrivateDAX
	SharedDAX

	// Default is what the kernel starts with: 0x33.
	Default = PrivateAnonymous | SharedAnonymous | ELFHeaders | PrivateHuge

	// All is every kind of mapping: 0x1ff.
	All = SharedDAX<<1 - 1
)

// The names of the bits in order, as systemd.exec(5) has them in CoredumpFilter=, and then
// two words for several bits.
var filterNames = []string{
	"private-anonymous",
	"shared-anonymous",
	"private-file-backed",
	"shared-file-backed",
	"elf-headers",
	"private-huge",
	"shared-huge",
	"private-dax",
	"shared-dax",
	"default",
	"all",
}

const kinds = 9

// FilterNames returns every name that [ParseFilter] parses: the kinds of mapping in the order
// of their bits, then "default" and "all".
func FilterNames() []string { return append([]string(nil), filterNames...) }

// ParseFilter parses a filter as the union of the given words. A word is one of
// [FilterNames], or a mask in hexadecimal digits after 0x, from 0x0 to 0x1ff. Without any
// words the filter is 0.
//
// Digits without 0x are rejected, because systemd reads them as hexadecimal and the kernel's
// own file as decimal. The error is a [*guess.Error].
func ParseFilter(words []string) (Filter, error) {
	var filter Filter
	for _, word := range words {
		part, err := parseWord(word)
		if err != nil {
			return 0, err
		}
		filter |= part
	}
	return filter, nil
}

func parseWord(word string) (Filter, error) {
	for i, name := range filterNames {
		switch {
		case word != name:
		case name == "default":
			return Default, nil
		case name == "all":
			return All, nil
		default:
			return 1 << i, nil
		}
	}
	if word != "" && word[0] >= '0' && word[0] <= '9' {
		return parseMask(word)
	}
	return 0, guess.Unknown("kind of mapping", word, filterNames)
}

func parseMask(word string) (Filter, error) {
	digits, hexadecimal := strings.CutPrefix(strings.ToLower(word), "0x")
	mask, err := strconv.ParseUint(digits, 16, 64)
	switch {
	case strings.Trim(digits, "0123456789abcdef") != "" || digits == "":
		return 0, &guess.Error{
			Message: "core filter " + guess.Quote(word) + " is not a hexadecimal number",
			Hint:    `write a mask such as "0x33", or names such as "private-anonymous"`,
		}
	case !hexadecimal && mask != 0:
		return 0, &guess.Error{
			Message: "core filter " + guess.Quote(word) + " could be decimal or hexadecimal",
			Hint:    "write 0x before hexadecimal digits: " + guess.Quote("0x"+digits),
		}
	case err != nil || mask > uint64(All):
		return 0, &guess.Error{
			Message: "core filter " + guess.Quote(word) + " has bits that mean nothing",
			Hint:    "the highest is " + guess.Quote(All.String()) + ", all nine kinds of mapping",
		}
	}
	return Filter(mask), nil
}

// Names returns the names of the bits that are set, lowest first, without bits above [All],
// which have no name.
func (f Filter) Names() []string {
	f &= All
	names := make([]string, 0, kinds)
	for ; f != 0; f &= f - 1 {
		names = append(names, filterNames[bits.TrailingZeros32(uint32(f))])
	}
	return names
}

// String returns the mask as [ParseFilter] parses it and as one writes it into
// /proc/PID/coredump_filter: "0x33".
func (f Filter) String() string { return "0x" + strconv.FormatUint(uint64(f), 16) }
