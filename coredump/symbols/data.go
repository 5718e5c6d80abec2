package symbols

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// data is a file, of which parts are mapped as they are needed, or an image in memory.
type data struct {
	file  *os.File
	size  uint64
	image []byte
	maps  []window
}

// window is a mapped part of a file.
type window struct {
	offset uint64
	bytes  []byte
}

// A file up to wholeFile bytes is mapped at once, which costs addresses and nothing else; of a
// larger one as many parts as maxWindows, each as large as maxWindow.
const (
	wholeFile  = 256 << 20
	maxWindow  = 1 << 30
	maxWindows = 64
)

func fileData(f *os.File) (*data, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New(f.Name() + " is no regular file")
	}
	return &data{file: f, size: uint64(info.Size())}, nil
}

// at returns n bytes at the offset, nil if they are not all there.
func (d *data) at(offset, n uint64) []byte {
	end := offset + n
	if n == 0 || end < offset || end > d.size {
		return nil
	}
	if d.file == nil {
		return d.image[offset:end:end]
	}
	for _, w := range d.maps {
		if offset >= w.offset && end <= w.offset+uint64(len(w.bytes)) {
			return w.bytes[offset-w.offset : end-w.offset : end-w.offset]
		}
	}
	return d.mapped(offset, end)
}

func (d *data) mapped(offset, end uint64) []byte {
	from, to := offset&^uint64(pageSize-1), end
	if d.size <= wholeFile {
		from, to = 0, d.size
	}
	if to-from > maxWindow || len(d.maps) == maxWindows {
		return nil
	}
	bytes, err := unix.Mmap(int(d.file.Fd()), int64(from), int(to-from), unix.PROT_READ, unix.MAP_PRIVATE)
	if err != nil {
		return nil
	}
	d.maps = append(d.maps, window{from, bytes})
	return bytes[offset-from : end-from : end-from]
}

func (d *data) close() {
	for _, w := range d.maps {
		_ = unix.Munmap(w.bytes)
	}
	d.maps, d.image, d.size = nil, nil, 0
	if d.file != nil {
		_ = d.file.Close()
	}
}

var pageSize = os.Getpagesize()
