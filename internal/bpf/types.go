package bpf

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"slices"

	"golang.org/x/sys/unix"
)

// vmlinux has the types of the running kernel.
const vmlinux = "/sys/kernel/btf/vmlinux"

// Want is what to look for: members by structure, also those of anonymous structures and
// unions within, and hooks. Whatever is not there has an offset of -1.
type Want struct {
	Structs map[string][]string
	Hooks   []Hook
}

// Types is what was found.
type Types struct {
	offsets    map[string]map[string]int
	sizes      map[string]int
	ids        map[Hook]uint32
	parameters map[Hook][]string
	missing    []string
}

// Offset is where a member is, in bytes. A member that the kernel does not have is -1, and
// an error of Missing.
func (t *Types) Offset(structure, member string) int {
	if offset, ok := t.offsets[structure][member]; ok {
		return offset
	}
	if name := structure + "." + member; !slices.Contains(t.missing, name) {
		t.missing = append(t.missing, name)
	}
	return -1
}

// Has reports whether the kernel has a member.
func (t *Types) Has(structure, member string) bool {
	_, ok := t.offsets[structure][member]
	return ok
}

// Size is the size of a structure in bytes, 0 if the kernel does not have it.
func (t *Types) Size(structure string) int { return t.sizes[structure] }

// HasHook reports whether the kernel has a hook.
func (t *Types) HasHook(h Hook) bool { return t.ids[h] != 0 }

// Parameter is the place of a parameter of the hook's function, from 0, or -1.
func (t *Types) Parameter(h Hook, name string) int { return slices.Index(t.parameters[h], name) }

// Parameters is how many there are.
func (t *Types) Parameters(h Hook) int { return len(t.parameters[h]) }

func (t *Types) id(h Hook) uint32 { return t.ids[h] }

// Missing is an error that names the members that Offset was asked for in vain.
func (t *Types) Missing() error {
	if len(t.missing) == 0 {
		return nil
	}
	return fmt.Errorf("this kernel has no %v: supervise does not know it", t.missing)
}

// KernelTypes looks into the types of the running kernel.
func KernelTypes(want Want) (*Types, error) {
	f, err := os.Open(vmlinux)
	if err != nil {
		return nil, fmt.Errorf("%w: the kernel was built without CONFIG_DEBUG_INFO_BTF", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	// Since Linux 6.16 it can be mapped, which saves reading 5 MB.
	data, err := unix.Mmap(int(f.Fd()), 0, int(info.Size()), unix.PROT_READ, unix.MAP_PRIVATE)
	if err == nil {
		defer func() { _ = unix.Munmap(data) }()
	} else if data, err = os.ReadFile(vmlinux); err != nil {
		return nil, err
	}
	types, err := parse(data, want)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", vmlinux, err)
	}
	return types, nil
}

// Kinds of types: Documentation/bpf/btf.rst.
const (
	kindInt = 1 + iota
	kindPointer
	kindArray
	kindStruct
	kindUnion
	kindEnum
	kindForward
	kindTypedef
	kindVolatile
	kindConst
	kindRestrict
	kindFunc
	kindProto
	kindVar
	kindSection
	kindFloat
	kindDeclTag
	kindTypeTag
	kindEnum64
)

// extra is how many bytes follow a type's twelve: fixed, and for each of its elements.
var extra = [...]struct{ fixed, each int }{
	kindInt: {4, 0}, kindArray: {12, 0}, kindStruct: {0, 12}, kindUnion: {0, 12}, kindEnum: {0, 8},
	kindProto: {0, 8}, kindVar: {4, 0}, kindSection: {0, 12}, kindDeclTag: {4, 0}, kindEnum64: {0, 12},
}

var errTypes = errors.New("not BTF as this program knows it")

// scan is BTF data that is being searched.
type scan struct {
	types, names []byte
	order        binary.ByteOrder
	starts       []uint32 // of each type, by its id; id 0 is void
}

// parse searches BTF data.
func parse(data []byte, want Want) (*Types, error) {
	s, err := open(data)
	if err != nil {
		return nil, err
	}
	t := &Types{map[string]map[string]int{}, map[string]int{}, map[Hook]uint32{}, map[Hook][]string{}, nil}
	structs, hooks := map[uint32]string{}, map[uint32][]Hook{}
	for name := range want.Structs {
		structs[s.find(name)] = name
	}
	for _, h := range want.Hooks {
		hooks[s.find(h.name)] = append(hooks[s.find(h.name)], h)
	}
	delete(structs, 0)
	delete(hooks, 0)
	for id := 1; id < len(s.starts); id++ {
		name, kind, _ := s.head(id)
		if structure, ok := structs[name]; ok && kind == kindStruct {
			s.structure(t, id, structure, want.Structs[structure])
		}
		for _, h := range hooks[name] {
			if kind == h.kind && t.ids[h] == 0 {
				t.ids[h] = uint32(id)
				t.parameters[h] = s.parameters(id)
			}
		}
	}
	return t, nil
}

// open reads the header and finds where each type starts.
func open(data []byte) (*scan, error) {
	if len(data) < 24 {
		return nil, errTypes
	}
	s := &scan{order: binary.LittleEndian}
	if data[0] == 0xeb {
		s.order = binary.BigEndian
	}
	field := func(at int) uint64 { return uint64(s.order.Uint32(data[at:])) }
	size, header := uint64(len(data)), field(4)
	types, typesSize, names, namesSize := header+field(8), field(12), header+field(16), field(20)
	if s.order.Uint16(data) != 0xeb9f || types > size || typesSize > size-types || names > size || namesSize > size-names {
		return nil, errTypes
	}
	s.types, s.names = data[types:types+typesSize], data[names:names+namesSize]
	s.starts = make([]uint32, 1, len(s.types)/24+1)
	for at := 0; at < len(s.types); {
		if len(s.types)-at < 12 {
			return nil, errTypes
		}
		info := s.order.Uint32(s.types[at+4:])
		kind, count := info>>24&0x1f, int(info&0xffff)
		if kind == 0 || kind > kindEnum64 {
			return nil, errTypes
		}
		s.starts = append(s.starts, uint32(at))
		if int(kind) < len(extra) {
			at += extra[kind].fixed + extra[kind].each*count
		}
		at += 12
		if at > len(s.types) {
			return nil, errTypes
		}
	}
	return s, nil
}

// find is where a name is among the names, 0 if it is not there: each is there once.
func (s *scan) find(name string) uint32 {
	at := bytes.Index(s.names, []byte("\x00"+name+"\x00"))
	return uint32(at + 1)
}

// head is the name, the kind and the count of elements of a type.
func (s *scan) head(id int) (name, kind uint32, count int) {
	at := s.starts[id]
	info := s.order.Uint32(s.types[at+4:])
	return s.order.Uint32(s.types[at:]), info >> 24 & 0x1f, int(info & 0xffff)
}

// third is the size of a type, or the type that it refers to.
func (s *scan) third(id int) int { return int(s.order.Uint32(s.types[s.starts[id]+8:])) }

func (s *scan) text(name uint32) string {
	if int64(name) >= int64(len(s.names)) {
		return ""
	}
	text, _, _ := bytes.Cut(s.names[name:], []byte{0})
	return string(text)
}

// structure notes the wanted members of a structure, unless one of the same name had all.
func (s *scan) structure(t *Types, id int, name string, members []string) {
	wanted := map[uint32]string{}
	for _, m := range members {
		wanted[s.find(m)] = m
	}
	delete(wanted, 0)
	found := map[string]int{}
	s.members(id, 0, wanted, found, 0)
	if t.offsets[name] == nil || len(found) > len(t.offsets[name]) {
		t.offsets[name], t.sizes[name] = found, s.third(id)
	}
}

// members walks a structure, and what has no name in it.
func (s *scan) members(id, base int, wanted map[uint32]string, found map[string]int, depth int) {
	_, _, count := s.head(id)
	at := s.starts[id]
	bits := s.order.Uint32(s.types[at+4:])>>31 != 0
	for i := range uint32(count) {
		m := s.types[at+12+12*i:]
		offset := s.order.Uint32(m[8:])
		if bits {
			offset &= 0xffffff
		}
		name, inner := s.order.Uint32(m), int(s.order.Uint32(m[4:]))
		if word, ok := wanted[name]; ok {
			found[word] = base + int(offset/8)
		}
		if name != 0 || inner <= 0 || inner >= len(s.starts) || depth > 8 {
			continue
		}
		if _, kind, _ := s.head(inner); kind == kindStruct || kind == kindUnion {
			s.members(inner, base+int(offset/8), wanted, found, depth+1)
		}
	}
}

// parameters are those of a function, or of the function that a typedef of a pointer names.
func (s *scan) parameters(id int) (names []string) {
	for range 4 {
		_, kind, count := s.head(id)
		if kind == kindProto {
			at := s.starts[id] + 12
			for i := range uint32(count) {
				names = append(names, s.text(s.order.Uint32(s.types[at+8*i:])))
			}
			return names
		}
		if id = s.third(id); id <= 0 || id >= len(s.starts) {
			return nil
		}
	}
	return nil
}
