package mini

import (
	"supervise/coredump/elfcore"
)

// plan copies what a small core is to have, the most important first.
type plan struct {
	*space
	head    *elfcore.Head
	threads []elfcore.Thread
	o       Options
}

// The entries of the auxiliary vector that matter: AT_* of getauxval(3).
const (
	auxPrograms     = 3  // AT_PHDR
	auxProgramCount = 5  // AT_PHNUM
	auxVDSO         = 33 // AT_SYSINFO_EHDR
)

// vdso copies the kernel's part of the program: its unwind information is in no file.
func (p *plan) vdso() {
	if s := p.at(p.head.Notes.Auxv[auxVDSO]); s != nil && s.FileSize <= p.o.Segment {
		p.add(s.Start, dumpedEnd(s))
	}
}

// crash copies what the crashed thread has to do with.
func (p *plan) crash() {
	const around = 256
	if addr := p.head.Notes.Siginfo.Address; addr != 0 {
		p.add(addr-min(addr, page), addr)
		p.add(addr, addr+page)
		p.add(addr+page, addr+page+1)
	}
	if len(p.threads) == 0 {
		return
	}
	crashed := &p.threads[0]
	p.descriptor(crashed)
	for i := range crashed.Registers.Names() {
		value := crashed.Registers.Values[i]
		p.add(value, value+around)
	}
}

// descriptors copies what the C library knows of each thread, and code that is in no file, as
// a just-in-time compiler makes it.
func (p *plan) descriptors() {
	for i := range p.threads {
		t := &p.threads[i]
		p.descriptor(t)
		p.add(t.Registers.PC(), t.Registers.PC()+1)
	}
}

// descriptor copies what is around the thread pointer: variables of the thread below it, and on
// amd64 glibc's struct pthread above it.
func (p *plan) descriptor(t *elfcore.Thread) {
	const below, above = 1024, 2560
	if t.TLS != 0 {
		p.add(t.TLS-min(t.TLS, below), t.TLS+above)
	}
}

// buildIDs copies the ELF headers of mapped files, behind which the build id stands.
func (p *plan) buildIDs() {
	for _, file := range p.head.Notes.Files {
		if file.Offset == 0 {
			p.add(file.Start, file.Start+1)
		}
	}
}

// small copies the segments that are small.
func (p *plan) small() {
	for i := range p.dumped {
		if s := &p.dumped[i]; s.FileSize <= p.o.Segment {
			p.add(s.Start, dumpedEnd(s))
		}
	}
}
