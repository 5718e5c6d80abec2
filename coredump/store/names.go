package store

import (
	"fmt"
	"strings"

	"golang.org/x/sys/unix"
)

// The files of a store and of its entries.
const (
	storeName    = ".store"    // marks a store; locked while something is removed
	compressName = ".compress" // locked by whoever compresses

	metaName    = "meta.json"
	coreName    = "core"
	miniName    = "mini"
	zstSuffix   = ".zst"
	partSuffix  = ".part" // what is not complete yet
	writingName = "writing"

	newPrefix  = ".new-"  // of an entry that is being made
	gonePrefix = ".gone-" // of one that is being removed
)

// entryFiles are all files that an entry can have. One with others is not removed.
var entryFiles = []string{
	metaName, metaName + partSuffix, coreName, coreName + zstSuffix, coreName + zstSuffix + partSuffix,
	miniName, miniName + zstSuffix, miniName + partSuffix, miniName + zstSuffix + partSuffix, writingName,
}

// idLength is the number of hexadecimal digits of an id.
const idLength = 8

// newID makes an id. It is random: whoever may search the store must not guess which there are.
func newID() string {
	var b [idLength / 2]byte
	for { // crypto/rand would be initialised before init runs: TestOrder of internal/lattice
		if n, err := unix.Getrandom(b[:], 0); err == nil && n == len(b) {
			return fmt.Sprintf("%x", b)
		}
	}
}

// validID reports whether a name is an id.
func validID(name string) bool { return len(name) == idLength && isHex(name) }

func isHex(text string) bool {
	return strings.IndexFunc(text, func(r rune) bool { return (r < '0' || r > '9') && (r < 'a' || r > 'f') }) < 0
}
