package explain

import (
	"cmp"
	"errors"
	"io/fs"
	"slices"
	"sort"

	"supervise/coredump/elfcore"
	"supervise/coredump/report"
	"supervise/coredump/symbols"
	"supervise/coredump/unwind"
	"supervise/coredump/unwind/cfi"
	"supervise/internal/little"
	"supervise/internal/text"
)

const order = little.Endian

// process is a process as its core has it.
type process struct {
	memory
	open     Opener
	machine  elfcore.Machine
	auxv     map[uint64]uint64
	files    []elfcore.Mapping // in the order of addresses
	owners   []*module         // of files, by index
	modules  []*module
	vdso     *module
	problems []string
	crashed  bool // the first thread
}

// module is a file of which at least a part is mapped as code, or the vdso.
type module struct {
	path       string
	start, end uint64
	head       uint64 // where the ELF header is in memory; 0 if it is not known
	mappings   []elfcore.Mapping

	id      []byte // build id as the core has it
	idRead  bool
	tried   bool
	file    *symbols.File // nil if there is none that can be believed
	problem string
	unwind  *unwind.Module
	bias    uint64
	deleted bool

	wanted []uint64 // addresses in the file whose functions are wanted
	search *symbols.Search
}

// The keys of the auxiliary vector: uapi/linux/auxvec.h.
const (
	auxEntry  = 9
	auxRandom = 25
	auxExec   = 31
	auxVDSO   = 33
)

func newProcess(core *elfcore.Core, open Opener) *process {
	p := &process{memory: newMemory(core), open: open, machine: core.Machine, auxv: core.Notes.Auxv, files: core.Notes.Files}
	byStart := func(a, b elfcore.Mapping) int { return cmp.Compare(a.Start, b.Start) }
	if !slices.IsSortedFunc(p.files, byStart) {
		p.files = slices.Clone(p.files)
		slices.SortFunc(p.files, byStart)
	}
	p.owners = make([]*module, len(p.files))
	var last *module
	for i, f := range p.files {
		// A file that is mapped anew from its beginning is another module.
		if last == nil || last.path != f.Path || f.Offset == 0 || f.Offset < last.mappings[len(last.mappings)-1].Offset {
			last = &module{path: f.Path, start: f.Start}
			if f.Offset == 0 {
				last.head = f.Start
			}
			p.modules = append(p.modules, last)
		}
		last.end = f.End
		last.mappings = append(last.mappings, f)
		p.owners[i] = last
	}
	p.modules = slices.DeleteFunc(p.modules, func(m *module) bool { return !p.hasCode(m) })
	if len(p.modules) > MaxModules {
		p.modules = p.modules[:MaxModules]
	}
	for _, m := range p.modules {
		m.path, m.deleted = text.CutSuffix(m.path, " (deleted)")
	}
	return p
}

// hasCode reports whether a part of a file is mapped as code.
func (p *process) hasCode(m *module) bool {
	for _, f := range m.mappings {
		if s := p.segment(f.Start); s != nil && s.Flags&elfcore.Execute != 0 {
			return true
		}
	}
	return false
}

func (p *process) close() {
	for _, m := range p.modules {
		if m.file != nil {
			m.file.Close()
		}
	}
}

// mapping returns the mapped file that has addr and its module, nil if there is none.
func (p *process) mapping(addr uint64) (*elfcore.Mapping, *module) {
	i := sort.Search(len(p.files), func(i int) bool { return p.files[i].Start > addr }) - 1
	if i < 0 || addr >= p.files[i].End {
		return nil, nil
	}
	return &p.files[i], p.owners[i]
}

// at returns the module that has addr, ready for use, nil if there is none.
func (p *process) at(addr uint64) *module {
	f, m := p.mapping(addr)
	if m == nil {
		return p.inVDSO(addr)
	}
	p.load(m)
	if m.file != nil && m.unwind == nil {
		bias, ok := m.file.Bias(f.Start, f.Offset)
		if !ok {
			return m
		}
		m.bias = bias
		m.unwind = tables(m.file, bias)
	}
	return m
}

// exe returns the path of the program.
func (p *process) exe() string {
	if _, m := p.mapping(p.auxv[auxEntry]); m != nil {
		return m.path
	}
	return ""
}

// maxVDSO is how large the vdso may be; it has two pages.
const maxVDSO = 1 << 16

// inVDSO returns the module of the vdso if that has addr.
func (p *process) inVDSO(addr uint64) *module {
	start := p.auxv[auxVDSO]
	if start == 0 || addr < start || addr-start > maxVDSO {
		return nil
	}
	if p.vdso == nil {
		m := &module{path: "[vdso]", start: start, head: start, tried: true}
		p.vdso = m
		s := p.segment(start)
		if s == nil {
			return nil
		}
		m.end = s.End()
		f, err := symbols.Image(p.prefix(start, int(min(m.end-start, maxVDSO))))
		if err != nil {
			return m
		}
		m.file = f
		if bias, ok := f.Bias(start, 0); ok {
			m.bias, m.unwind = bias, tables(f, bias)
		}
	}
	if addr >= p.vdso.end {
		return nil
	}
	return p.vdso
}

// headSize is how much of a module's beginning the core has as a rule: bit 4 of the filter.
const headSize = pageSize

// buildID returns the build id of a module as it is in the core's memory, nil if it is not
// there.
func (p *process) buildID(m *module) []byte {
	if m.idRead {
		return m.id
	}
	m.idRead = true
	if m.head == 0 {
		return nil
	}
	if image, err := symbols.Image(p.prefix(m.head, headSize)); err == nil {
		m.id = image.BuildID()
	}
	return m.id
}

// load opens the file of a module, once, and keeps it if it is that of the core.
func (p *process) load(m *module) {
	if m.tried {
		return
	}
	m.tried = true
	if p.open == nil {
		return
	}
	f, err := p.open(Request{Path: m.path, Start: m.mappings[0].Start, End: m.mappings[0].End, Deleted: m.deleted})
	if err != nil {
		m.problem = OpenProblem(err, m.deleted)
		return
	}
	file, err := symbols.Open(f)
	if err != nil {
		m.problem = "is not usable: " + err.Error()
		return
	}
	if m.problem = p.compare(m, file); m.problem != "" {
		file.Close()
		return
	}
	m.file = file
}

// OpenProblem says why the file of a module could not be opened, as the end of a sentence about
// it: "missing".
func OpenProblem(err error, deleted bool) string {
	var refused *fs.PathError
	switch {
	case deleted && errors.Is(err, fs.ErrNotExist):
		return "was deleted"
	case errors.Is(err, fs.ErrNotExist):
		return "missing"
	case errors.As(err, &refused):
		return "cannot be opened: " + refused.Err.Error()
	}
	why, _ := text.CutPrefix(err.Error(), "cannot be opened: ")
	return "cannot be opened: " + why
}

// compare returns why a file is not what was mapped as a module, "" if it is.
func (p *process) compare(m *module, file *symbols.File) string {
	in, now := p.buildID(m), file.BuildID()
	switch {
	case in != nil && now == nil:
		return "was rebuilt: it has no build id any more, in the core it is " + text.Hex(in)
	case in != nil && string(in) != string(now):
		return "was rebuilt: build id " + text.Hex(now) + ", in the core it is " + text.Hex(in)
	case in != nil || m.head == 0:
		return ""
	}
	// Without a build id, the ELF header and what follows it differ if the file has grown.
	head := p.prefix(m.head, headSize)
	if len(head) < headSize {
		return ""
	}
	if image, err := symbols.Image(head); err != nil || !image.SameHead(file) {
		return "was rebuilt: its ELF header is not that of the core"
	}
	return ""
}

// tables returns the tables of a file for unwinding.
func tables(f *symbols.File, bias uint64) *unwind.Module {
	u := &unwind.Module{Bias: bias}
	u.EhFrameHdr.Addr, u.EhFrameHdr.Data = f.FrameHeader()
	if u.EhFrameHdr.Data != nil {
		if addr, ok := cfi.FrameAddress(u.EhFrameHdr); ok {
			u.EhFrame = cfi.Section{Addr: addr, Data: f.Memory(addr)}
		}
	}
	if u.EhFrame.Data == nil {
		u.EhFrame.Addr, u.EhFrame.Data = f.Section(".eh_frame")
	}
	u.DebugFrame = func() (s cfi.Section) {
		s.Addr, s.Data = f.Section(".debug_frame")
		return s
	}
	if f.IsGo() {
		u.Go = func(pc uint64) (unwind.GoFunction, bool) {
			g, ok := f.GoFrame(pc)
			// The kernel calls sigtramp, with a return address that leads to the signal's frame.
			top := g.Top && g.Name != "runtime.sigtramp"
			return unwind.GoFunction{Name: g.Name, FrameSize: g.Size, Top: top}, ok
		}
	}
	return u
}

// describe returns all modules for the report, with the build ids that are known if ids is
// false, which costs nothing.
func (p *process) describe(compare, ids bool) []report.Module {
	all := make([]report.Module, 0, len(p.modules))
	for _, m := range p.modules {
		if compare {
			p.load(m)
		}
		var id []byte
		if m.file != nil || m.problem != "" || ids {
			id = p.buildID(m)
		}
		all = append(all, report.Module{
			Path: m.path, BuildID: text.Hex(id), Start: report.Addr(m.start), End: report.Addr(m.end), Problem: m.problem,
		})
		if m.problem != "" {
			p.problems = append(p.problems, m.path+" "+sentence(m.problem))
		}
	}
	return all
}
