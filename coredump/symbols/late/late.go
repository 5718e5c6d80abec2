package late

import (
	"bytes"
	"compress/zlib"
	"io"

	"github.com/ianlancetaylor/demangle"
	"github.com/klauspost/compress/zstd"

	"supervise/coredump/symbols"
)

func init() { symbols.Use(symbols.Late{Demangle: demangled, Decompress: decompress}) }

// maxDemangled is 1<<maxDemangled bytes of what comes out: a short name can stand for gigabytes.
const maxDemangled = 12

func demangled(name string) string {
	return demangle.Filter(name, demangle.NoParams, demangle.NoEnclosingParams, demangle.MaxLength(maxDemangled))
}

func decompress(how symbols.Compression, b []byte, size uint64) []byte {
	var r io.Reader
	switch how {
	case symbols.Zlib:
		z, err := zlib.NewReader(bytes.NewReader(b))
		if err != nil {
			return nil
		}
		r = z
	case symbols.Zstd:
		z, err := zstd.NewReader(bytes.NewReader(b), zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(symbols.MaxDecompressed))
		if err != nil {
			return nil
		}
		defer z.Close()
		r = z
	default:
		return nil
	}
	// It grows as data comes, since the size is only what the file says.
	out := bytes.NewBuffer(make([]byte, 0, min(size, uint64(len(b))*4)))
	if _, err := io.CopyN(out, r, int64(size)); err != nil {
		return nil
	}
	return out.Bytes()
}
