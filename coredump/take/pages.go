package take

import (
	"errors"
	"os"
	"strconv"
	"unsafe"

	"golang.org/x/sys/unix"
)

// extent is a part of the address space.
type extent struct{ start, end uint64 }

// pages finds the pages of private memory that were ever touched: the others are zero, and
// there may be terabytes of them.
type pages struct {
	file *os.File // /proc/PID/pagemap
	page uint64
	slow bool // the kernel lacks the scan
}

func openPages(pid int) (*pages, error) {
	file, err := os.Open("/proc/" + strconv.Itoa(pid) + "/pagemap")
	return &pages{file: file, page: uint64(os.Getpagesize())}, err
}

// maxSlow is of how many bytes each page is asked for where there is no scan: a second's work.
const maxSlow = 256 << 30

var errTooLarge = errors.New("is too large to find its pages without PAGEMAP_SCAN of Linux 6.7")

// each calls do for the touched parts between two addresses, in order.
func (p *pages) each(start, end uint64, do func(extent) error) error {
	if !p.slow {
		err := p.scan(start, end, do)
		if err != unix.ENOTTY && err != unix.EINVAL {
			return err
		}
		p.slow = true
	}
	if end-start > maxSlow {
		return errTooLarge
	}
	return p.look(start, end, do)
}

// scanArgs is struct pm_scan_arg of uapi/linux/fs.h, and region struct page_region.
type scanArgs struct {
	size, flags                 uint64
	start, end, walkEnd         uint64
	vec, vecLen, maxPages       uint64
	inverted, mask, anyOf, want uint64
}

type region struct{ start, end, _ uint64 }

const (
	pagemapScan = 0xc0606610 // PAGEMAP_SCAN

	pagePresent = 1 << 3 // PAGE_IS_*
	pageSwapped = 1 << 4
	pageZero    = 1 << 5
)

// scan asks the kernel for them: Linux 6.7.
func (p *pages) scan(start, end uint64, do func(extent) error) error {
	var vec [512]region
	for start < end {
		args := scanArgs{
			start: start, end: end, vec: uint64(uintptr(unsafe.Pointer(&vec))), vecLen: uint64(len(vec)),
			inverted: pageZero, mask: pageZero, anyOf: pagePresent | pageSwapped,
		}
		args.size = uint64(unsafe.Sizeof(args))
		n, _, errno := unix.Syscall(unix.SYS_IOCTL, p.file.Fd(), pagemapScan, uintptr(unsafe.Pointer(&args)))
		if errno != 0 {
			return errno
		}
		for _, r := range vec[:n] {
			if err := do(extent{r.start, r.end}); err != nil {
				return err
			}
		}
		if args.walkEnd <= start {
			return nil
		}
		start = args.walkEnd
	}
	return nil
}

// look reads the entry of each page: Documentation/admin-guide/mm/pagemap.rst.
func (p *pages) look(start, end uint64, do func(extent) error) error {
	const touched = 1<<63 | 1<<62 // present, or swapped
	b := make([]byte, 64<<10)
	var run extent
	for start < end {
		part := b[:min(uint64(len(b)), (end-start)/p.page*8)]
		n, err := p.file.ReadAt(part, int64(start/p.page*8))
		if n < 8 {
			return err
		}
		for ; n >= 8; n, part, start = n-8, part[8:], start+p.page {
			switch {
			case order.Uint64(part)&touched == 0:
			case run.end == start:
				run.end += p.page
			default:
				if run.start < run.end {
					if err := do(run); err != nil {
						return err
					}
				}
				run = extent{start, start + p.page}
			}
		}
	}
	if run.start < run.end {
		return do(run)
	}
	return nil
}
