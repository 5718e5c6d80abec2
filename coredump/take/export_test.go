package take

// OnStopped has do called each time that a process stands.
func OnStopped(do func()) { testStopped = do }

// Touched returns the parts between two addresses that a process has touched, as a kernel with
// or without PAGEMAP_SCAN says.
func Touched(pid int, slow bool, start, end uint64) (parts [][2]uint64, err error) {
	p, err := openPages(pid)
	if err != nil {
		return nil, err
	}
	defer p.file.Close()
	p.slow = slow
	err = p.each(start, end, func(e extent) error {
		parts = append(parts, [2]uint64{e.start - start, e.end - start})
		return nil
	})
	return parts, err
}
