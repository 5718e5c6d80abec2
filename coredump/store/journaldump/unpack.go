package journaldump

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"supervise/coredump/store/pack"
)

// Unpack decompresses a file, to at most limit bytes. What is not Zstandard takes the program
// that is made for it.
func (f *File) Unpack(to io.Writer, from *os.File, limit int64) error {
	if f.packing == ".zst" {
		return pack.Unpack(to, from, limit)
	}
	program := strings.TrimPrefix(f.packing, ".")
	path, err := exec.LookPath(program)
	if err != nil {
		return fmt.Errorf("%s is compressed with %s: install that, or decompress it first", f.Name, program)
	}
	cmd := exec.Command(path, "-dc")
	cmd.Stdin = from
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	n, err := io.Copy(to, io.LimitReader(out, limit+1))
	if n > limit {
		err = pack.ErrTooLarge
	}
	_ = out.Close() // it ends by SIGPIPE if it has more
	if e := cmd.Wait(); e != nil && err == nil {
		err = fmt.Errorf("%s: %w: %s", program, e, strings.TrimSpace(said.String()))
	}
	return errors.Join(err)
}
