//go:build !slim

package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"supervise/config"
	"supervise/config/accounts"
	"supervise/internal/text/escape"
	"supervise/supervisor/preflight"
)

const (
	// hostTime is how long any one thing of the host may take to answer, and the file.
	hostTime = 5 * time.Second
	// probeTime is how long all may take: enough for any file.
	probeTime = time.Minute
	probeFlag = "probe"
)

// checkApart checks a file in a process of its own. A file system that does not answer may
// hold that up for ever, beyond the reach of SIGKILL; then it is left behind.
func checkApart(path string) *checked {
	answer, child, err := startProbe(path)
	if err != nil {
		return checkFile(path, accounts.Host{}, nil) // without /proc, say: as well as it can be done
	}
	defer answer.Close()
	said, err := listen(answer)
	switch {
	case err != nil:
		_ = child.Kill()
		said.Failure = fmt.Sprintf("cannot check %q: %v", path, err)
	case !said.Stuck:
		_, _ = child.Wait()
	}
	said.invalid, said.stuck = said.Invalid, said.Stuck
	return &said.checked
}

// probed is what the process says in JSON, after a true when it has read the file.
type probed struct {
	checked
	Invalid, Stuck bool
}

func listen(answer *os.File) (said probed, err error) {
	values := json.NewDecoder(answer)
	for _, next := range []struct {
		into any
		time time.Duration
	}{{new(bool), hostTime}, {&said, probeTime}} {
		_ = answer.SetReadDeadline(time.Now().Add(next.time))
		err := values.Decode(next.into)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			err = fmt.Errorf("it has not answered for %v; is it on a file system whose server is gone?", next.time)
		}
		if err != nil {
			return said, err
		}
	}
	return said, nil
}

// startProbe runs this program once more. The answer ends with its first value, not with the
// file: threads that are held up hold their descriptors, too.
func startProbe(path string) (answer *os.File, child *os.Process, err error) {
	null, err := os.Open(os.DevNull)
	if err != nil {
		return nil, nil, err
	}
	defer null.Close()
	answer, output, err := os.Pipe()
	if err != nil {
		return nil, nil, err
	}
	defer output.Close()
	child, err = os.StartProcess("/proc/self/exe", []string{"supervise", "check", "--" + probeFlag, "--", path},
		&os.ProcAttr{Files: []*os.File{null, output, null}})
	if err != nil {
		answer.Close()
	}
	return answer, child, err
}

// probeHost is the other process.
func probeHost(path string) error {
	answer := json.NewEncoder(os.Stdout)
	c := checkFile(path, accounts.Host{}, func() { _ = answer.Encode(true) })
	return answer.Encode(probed{checked: *c, Invalid: c.invalid, Stuck: c.stuck})
}

// checkFile checks a file, and the host unless that is nil. It calls read, unless that is nil,
// when it has read the file.
func checkFile(path string, host config.Host, read func()) *checked {
	c := &checked{File: path, Problems: []config.Problem{}, Warnings: []config.Problem{}}
	file, source, err := config.LoadSource(path, host)
	if read != nil {
		read()
	}
	var invalid *config.Error
	switch {
	case errors.As(err, &invalid):
		c.invalid, c.Problems = true, invalid.Problems
	case err != nil:
		c.Failure = err.Error()
	}
	if file == nil {
		return c
	}
	c.Services, c.Warnings = len(file.Services), append(c.Warnings, file.Warnings...)
	if host != nil {
		c.Host = true
		c.add(source, preflight.Look(file, os.Environ(), hostTime))
	}
	return c
}

// add adds what was found on the host, in the order of the lines.
func (c *checked) add(source *config.Source, findings []preflight.Finding) {
	var problems, warnings []config.Remark
	for _, f := range findings {
		c.stuck = c.stuck || f.Stuck
		remark := config.Remark{Key: f.Key, Message: escape.Line(f.Message), Hint: escape.Line(f.Hint)}
		if f.Error {
			problems = append(problems, remark)
		} else {
			warnings = append(warnings, remark)
		}
	}
	byLine := func(a, b config.Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Message, b.Message))
	}
	c.Problems = append(c.Problems, source.Locate(problems)...)
	c.Warnings = append(c.Warnings, source.Locate(warnings)...)
	slices.SortStableFunc(c.Problems, byLine)
	slices.SortStableFunc(c.Warnings, byLine)
}
