package main

import "syscall"

func main() {
	argv := arguments()
	if len(argv) < 2 {
		syscall.Exit(2)
	}
	command, err := syscall.ForkExec(lookup(argv[1]), argv[1:], &syscall.ProcAttr{
		Env: syscall.Environ(), Files: []uintptr{0, 1, 2},
	})
	if err != nil {
		syscall.Exit(127)
	}
	for {
		var status syscall.WaitStatus
		switch pid, err := syscall.Wait4(-1, &status, 0, nil); {
		case err == syscall.EINTR || err == nil && pid != command:
		case err != nil:
			syscall.Exit(1)
		case status.Signaled():
			syscall.Exit(128 + int(status.Signal()))
		default:
			syscall.Exit(status.ExitStatus())
		}
	}
}

// arguments returns what os.Args would, if package os were linked.
func arguments() []string {
	fd, err := syscall.Open("/proc/self/cmdline", syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	if err != nil {
		syscall.Exit(1)
	}
	var argv []string
	var argument, chunk []byte
	chunk = make([]byte, 4096)
	for {
		n, err := syscall.Read(fd, chunk)
		if n <= 0 || err != nil {
			_ = syscall.Close(fd)
			return argv
		}
		for _, c := range chunk[:n] {
			if c != 0 {
				argument = append(argument, c)
				continue
			}
			argv = append(argv, string(argument))
			argument = argument[:0]
		}
	}
}

// lookup finds a command in PATH.
func lookup(name string) string {
	for i := range len(name) {
		if name[i] == '/' {
			return name
		}
	}
	path, _ := syscall.Getenv("PATH")
	for start, end := 0, 0; end <= len(path); end++ {
		if end < len(path) && path[end] != ':' {
			continue
		}
		file := path[start:end] + "/" + name
		if syscall.Access(file, 1) == nil { // X_OK: access(2)
			return file
		}
		start = end + 1
	}
	return name
}
