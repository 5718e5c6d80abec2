package symbols

import "supervise/internal/text"

// Late does what takes packages that are not early. Package symbols/late has it; a program that
// lacks it, or is not that far yet, finds names as they are, no compressed section, and
// [Lacking].
type Late struct {
	// Demangle returns the name of a function as it is in its source, without parameters.
	Demangle func(name string) string
	// Decompress returns size bytes, nil if it cannot.
	Decompress func(how Compression, b []byte, size uint64) []byte
}

// Compression says how a section is compressed: ELFCOMPRESS_* of elf(5).
type Compression uint32

// The ways.
const (
	Zlib Compression = 1
	Zstd Compression = 2
)

var (
	late    Late
	lacking Lack
)

// Lack is what was wanted of [Late] and was not there.
type Lack uint8

// What can be lacking.
const (
	Demangler Lack = 1 << iota
	Decompressor

	Nothing Lack = 0
)

// Use sets what is used from now on.
func Use(l Late) { late = l }

// Lacking returns what was lacking so far because [Use] had not been called.
func Lacking() Lack { return lacking }

// maxMangled is how long a name may be that is demangled.
const maxMangled = 4 << 10

// Demangle returns the name of a function as it is in its source, without parameters, if it is
// a mangled one of C++ or Rust: "web::Server::serve".
func Demangle(name string) string {
	switch {
	case len(name) > maxMangled || !text.HasPrefix(name, "_Z") && !text.HasPrefix(name, "_R") && !text.HasPrefix(name, "__Z"):
		return name
	case late.Demangle == nil:
		lacking |= Demangler
		return name
	}
	return late.Demangle(name)
}

// MaxDecompressed is how large a section may be.
const MaxDecompressed = 256 << 20

func decompress(how Compression, b []byte, size uint64) []byte {
	if size == 0 || size > MaxDecompressed {
		return nil
	}
	if late.Decompress == nil {
		lacking |= Decompressor
		return nil
	}
	return late.Decompress(how, b, size)
}
