package sparse

import (
	"context"
	"errors"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// Target takes data and zeros.
type Target interface {
	io.Writer
	Skip(n int64) error
}

// Copy gives what is in a file from its beginning up to size, without reading its holes. The
// offset of the file changes. progress, unless it is nil, is told how far it has come.
func Copy(ctx context.Context, to Target, from *os.File, size int64, progress func(at int64)) error {
	var buf []byte
	for at := int64(0); at < size; {
		begin, end := nextData(from, at, size)
		if err := to.Skip(begin - at); err != nil {
			return err
		}
		for at = begin; at < end; {
			if err := ctx.Err(); err != nil {
				return err
			}
			if buf == nil {
				buf = make([]byte, BufferSize)
			}
			n, err := from.ReadAt(buf[:min(end-at, BufferSize)], at)
			if n > 0 {
				if _, err := to.Write(buf[:n]); err != nil {
					return err
				}
			}
			at += int64(n)
			if errors.Is(err, io.EOF) && at < end {
				return io.ErrUnexpectedEOF
			}
			if err != nil && !errors.Is(err, io.EOF) {
				return err
			}
			if progress != nil {
				progress(at)
			}
		}
	}
	return nil
}

// nextData finds the next data of a file at or after at, up to size: SEEK_DATA of lseek(2). A
// file system that cannot tell has nothing but data.
func nextData(file *os.File, at, size int64) (begin, end int64) {
	begin, err := file.Seek(at, unix.SEEK_DATA)
	if errors.Is(err, unix.ENXIO) {
		return size, size // nothing but a hole
	}
	if err != nil || begin < at {
		return at, size
	}
	end, err = file.Seek(begin, unix.SEEK_HOLE)
	if err != nil || end <= begin {
		end = size
	}
	return min(begin, size), min(end, size)
}
