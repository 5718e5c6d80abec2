package pack

import (
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
)

// maxWindow bounds the memory of a decoder. `zstd --ultra --long=27` needs as much.
const maxWindow = 128 << 20

// ErrTooLarge says that more comes out than was to be expected.
var ErrTooLarge = errors.New("it has more in it than it should")

// Unpack gives what is in a compressed file. More than limit bytes are an error, so that a
// small file does not fill a disk. Of a file that was cut it gives all that it can, and the
// error is io.ErrUnexpectedEOF.
func Unpack(to io.Writer, from io.Reader, limit int64) error {
	decoder, err := zstd.NewReader(from, zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderMaxMemory(1<<62))
	if err != nil {
		return fmt.Errorf("zstd: %w", err)
	}
	defer decoder.Close()
	buf := make([]byte, 1<<20)
	for left := limit; ; {
		n, err := decoder.Read(buf)
		if int64(n) > left {
			return ErrTooLarge
		}
		left -= int64(n)
		if n > 0 {
			if _, err := to.Write(buf[:n]); err != nil {
				return err
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.Is(err, io.ErrUnexpectedEOF):
			return io.ErrUnexpectedEOF
		case err != nil:
			return fmt.Errorf("zstd: %w", err)
		}
	}
}
