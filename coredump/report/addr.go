package report

import (
	"errors"
	"strconv"
)

// Addr is an address, or the content of a register. In JSON it is a string with hexadecimal
// digits after 0x, as numbers of JSON lose bits above the 53rd in many readers.
type Addr uint64

// String returns the address after 0x.
func (a Addr) String() string { return "0x" + strconv.FormatUint(uint64(a), 16) }

// MarshalText writes what String returns.
func (a Addr) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (a *Addr) UnmarshalText(text []byte) error {
	n, err := strconv.ParseUint(string(text), 0, 64)
	if err != nil {
		return errors.New(strconv.Quote(string(text)) + " is no address: write hexadecimal digits after 0x")
	}
	*a = Addr(n)
	return nil
}
