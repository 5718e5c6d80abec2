package bpf

import (
	"encoding/binary"
	"fmt"
	"os"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// Map is memory that programs and this process share, of a fixed number of entries. The zero
// value is not a map.
type Map struct {
	fd         int
	key, value int
}

// Kinds of maps: enum bpf_map_type.
const (
	mapHash        = 1
	mapArray       = 2
	mapPerCPUArray = 6
	mapRing        = 27
)

type mapAttributes struct {
	kind, key, value, entries, flags uint32
	_                                [2]uint32
	name                             [16]byte
}

func newMap(name string, kind uint32, key, value, entries int, flags uint32) (Map, error) {
	a := mapAttributes{kind: kind, key: uint32(key), value: uint32(value), entries: uint32(entries), flags: flags, name: name16(name)}
	fd, err := call(unix.BPF_MAP_CREATE, &a)
	if err != nil {
		return Map{fd: -1}, err
	}
	return Map{fd: fd, key: key, value: value}, nil
}

// NewHash makes a hash map. Its entries take memory only when they are used.
func NewHash(name string, key, value, entries int) (Map, error) {
	return newMap(name, mapHash, key, value, entries, unix.BPF_F_NO_PREALLOC)
}

// NewCounters makes an array of counters of 64 bits, each processor with its own.
func NewCounters(name string, entries int) (Map, error) {
	return newMap(name, mapPerCPUArray, 4, 8, entries, 0)
}

// Bytes is memory that programs and this process share: see [Code.Value].
type Bytes struct {
	Map
	Data []byte
}

// NewBytes makes so many bytes, all 0.
func NewBytes(name string, size int) (*Bytes, error) {
	m, err := newMap(name, mapArray, 4, size, 1, unix.BPF_F_MMAPABLE)
	if err != nil {
		return nil, err
	}
	return mapBytes(m, size)
}

// OpenBytes maps the bytes behind a descriptor, also those that another process made. It owns
// the descriptor, also if it fails.
func OpenBytes(fd, size int) (*Bytes, error) { return mapBytes(OpenMap(fd, 4, size), size) }

func mapBytes(m Map, size int) (*Bytes, error) {
	data, err := unix.Mmap(m.fd, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		m.Close()
		return nil, err
	}
	return &Bytes{m, data}, nil
}

// Close gives the memory back, unless a program uses it.
func (b *Bytes) Close() error {
	_ = unix.Munmap(b.Data)
	return b.Map.Close()
}

// FD is the map's descriptor.
func (m Map) FD() int { return m.fd }

// OpenMap makes a map of a descriptor that another process made.
func OpenMap(fd, key, value int) Map { return Map{fd, key, value} }

type elementAttributes struct {
	fd         uint32
	_          uint32
	key, value uint64
	_          uint64
}

func (m Map) element(command int, key, value []byte) error {
	var pinner runtime.Pinner
	defer pinner.Unpin()
	pinner.Pin(&key[0])
	a := elementAttributes{fd: uint32(m.fd), key: pointer(&key[0])}
	if value != nil {
		pinner.Pin(&value[0])
		a.value = pointer(&value[0])
	}
	_, err := call(command, &a)
	return err
}

// Put sets an entry of a hash map. E2BIG says that it is full.
func (m Map) Put(key, value []byte) error {
	if len(key) != m.key || len(value) != m.value {
		return unix.EINVAL
	}
	return m.element(unix.BPF_MAP_UPDATE_ELEM, key, value)
}

// PutNumber sets an entry whose key is a number of 4 or 8 bytes, to 1.
func (m Map) PutNumber(key uint64) error {
	value := make([]byte, m.value)
	value[0] = 1
	return m.Put(binary.NativeEndian.AppendUint64(nil, key)[:m.key], value)
}

// DeleteNumber removes what PutNumber set.
func (m Map) DeleteNumber(key uint64) error {
	return m.element(unix.BPF_MAP_DELETE_ELEM, binary.NativeEndian.AppendUint64(nil, key)[:m.key], nil)
}

// Count is the sum of a counter over all processors.
func (m Map) Count(index int) (uint64, error) {
	cpus, err := possibleCPUs()
	if err != nil {
		return 0, err
	}
	values := make([]byte, 8*cpus)
	if err := m.element(unix.BPF_MAP_LOOKUP_ELEM, binary.NativeEndian.AppendUint32(nil, uint32(index)), values); err != nil {
		return 0, err
	}
	var sum uint64
	for ; len(values) > 0; values = values[8:] {
		sum += binary.NativeEndian.Uint64(values)
	}
	return sum, nil
}

// possibleCPUs is how many values a per-CPU map has for each entry: the last number in
// "0-3" or "0,2-5", and one.
func possibleCPUs() (int, error) {
	const file = "/sys/devices/system/cpu/possible"
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	list := strings.TrimSpace(string(text))
	var last int
	if _, err := fmt.Sscan(list[strings.LastIndexAny(list, "-,")+1:], &last); err != nil || last < 0 || last > 1<<16 {
		return 0, fmt.Errorf("%s has %q, which is no list of processors", file, list)
	}
	return last + 1, nil
}

// Close gives the map back, unless a program uses it.
func (m Map) Close() error { return unix.Close(m.fd) }
