package elfcore

import "strconv"

// Machine is the architecture of a core, EM_* of elf(5).
type Machine uint16

// The architectures whose registers are known.
const (
	AMD64 Machine = 62
	ARM64 Machine = 183
)

// String returns Go's name of the architecture: "amd64".
func (m Machine) String() string {
	switch m {
	case AMD64:
		return "amd64"
	case ARM64:
		return "arm64"
	}
	return "machine " + strconv.Itoa(int(m))
}
