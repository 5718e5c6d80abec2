package testproc

import (
	"encoding/binary"
	"fmt"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// MountDead mounts a file system that does not answer on a new directory: whoever looks at what
// is in it waits until the test ends, and not even SIGKILL helps. It is for a test that is
// [Alone] in a namespace of its own; where FUSE cannot be mounted the test is skipped.
func MountDead(t *testing.T, dir string) {
	t.Helper()
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	server, err := unix.Open("/dev/fuse", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Skip("cannot make a file system that does not answer: /dev/fuse:", err)
	}
	options := fmt.Sprintf("fd=%d,rootmode=40000,user_id=0,group_id=0", server)
	if err := unix.Mount("dead", dir, "fuse", unix.MS_NOSUID|unix.MS_NODEV, options); err != nil {
		_ = unix.Close(server)
		t.Skip("cannot make a file system that does not answer: mount:", err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		takeRequests(server)
	}()
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_FORCE|unix.MNT_DETACH); err != nil { // now everybody gets an error
			t.Fatal("umount", err)
		}
		<-ended
		_ = unix.Close(server)
	})
}

// takeRequests answers the first request, FUSE_INIT, and takes all others without an answer:
// before it has taken one, the kernel would let who waits be killed. fuse(4), linux/fuse.h.
func takeRequests(server int) {
	const initOpcode, headerSize, initSize = 26, 16, 64
	request := make([]byte, 1<<17+4096)
	for {
		n, err := unix.Read(server, request)
		switch {
		case err == unix.EINTR || err == unix.ENOENT: // ENOENT: that request was interrupted
			continue
		case err != nil || n < headerSize:
			return // ENODEV: it is mounted no more
		case binary.NativeEndian.Uint32(request[4:]) != initOpcode:
			continue
		}
		answer := make([]byte, headerSize+initSize)
		binary.NativeEndian.PutUint32(answer, uint32(len(answer)))
		copy(answer[8:16], request[8:16])             // the number of the request
		binary.NativeEndian.PutUint32(answer[16:], 7) // the version: 7.31
		binary.NativeEndian.PutUint32(answer[20:], 31)
		binary.NativeEndian.PutUint32(answer[36:], 4096) // the longest write
		_, _ = unix.Write(server, answer)
	}
}
