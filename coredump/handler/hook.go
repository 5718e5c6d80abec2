package handler

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

const (
	hookTime   = 30 * time.Second
	hookOutput = 4 << 10
)

// hook runs the on-core hook.
func (j *job) hook(ctx context.Context) error {
	text, err := json.MarshalIndent(&j.report, "", "  ")
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, hookTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, j.order.OnCore[0], j.order.OnCore[1:]...)
	cmd.Dir = "/"
	cmd.Env = []string{
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"SUPERVISE_CORE=" + j.report.ID, "SUPERVISE_SERVICE=" + j.report.Service,
	}
	cmd.Stdin = bytes.NewReader(append(text, '\n'))
	var said output
	cmd.Stdout, cmd.Stderr = &said, &said
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second // for who keeps its output
	err = cmd.Run()
	if said := strings.TrimSpace(said.text.String()); said != "" {
		j.note("on-core hook " + j.order.OnCore[0] + " says: " + said)
	}
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("was killed, as it still ran after %v", hookTime)
	case errors.Is(err, exec.ErrWaitDelay), errors.Is(err, syscall.EPIPE), errors.Is(err, os.ErrClosed):
		return nil // it has not read its input, or left somebody behind
	}
	return err
}

// output keeps the beginning of what is written.
type output struct{ text bytes.Buffer }

func (o *output) Write(b []byte) (int, error) {
	o.text.Write(b[:min(len(b), hookOutput-o.text.Len())])
	return len(b), nil
}
