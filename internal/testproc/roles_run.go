package testproc

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
)

// RoleVariable is the variable that makes a test binary play a role, for programs that
// start it with an environment of their own.
const RoleVariable = roleVariable

func init() {
	Role("family", family)
	Role("member", member)
	Role("as-root", asRoot)
}

// asRoot is for a set-user-ID program: it becomes root for good, so that nobody else may
// signal it, and executes its arguments.
func asRoot(args []string) int {
	if err := syscall.Setresuid(0, 0, 0); err != nil {
		return usage(err)
	}
	program, err := exec.LookPath(args[0])
	if err == nil {
		err = syscall.Exec(program, args, os.Environ())
	}
	return usage(err)
}

// family is a main process with two more below it, "near" in its process group and "far" in
// a session of its own. Each prints NAME, "ready" and its pid, then NAME and every signal
// that it gets, and ends of none but those that the arguments name for it, as in
// "main=user defined signal 2", with status 0.
func family(args []string) int {
	for _, name := range []string{"near", "far"} {
		self, err := os.Executable()
		if err != nil {
			return usage(err)
		}
		cmd := exec.Command(self, append([]string{name}, args...)...)
		cmd.Env = append(os.Environ(), roleVariable+"=member")
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: name == "far"}
		if err := cmd.Start(); err != nil {
			return usage(err)
		}
	}
	return member(append([]string{"main"}, args...))
}

// member is one of a family: its name, and what ends which of them.
func member(args []string) int {
	name := args[0]
	got := make(chan os.Signal, 64)
	signal.Notify(got, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGINT, syscall.SIGUSR1, syscall.SIGUSR2)
	fmt.Println(name, "ready", os.Getpid())
	for s := range got {
		fmt.Printf("%s %v\n", name, s)
		for _, end := range args[1:] {
			if end == name+"="+s.String() {
				return 0
			}
		}
	}
	return 0
}
