//go:build !slim

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"supervise/internal/guess"
	"supervise/internal/text/escape"
	"supervise/supervisor/control/client"
	"supervise/supervisor/control/request"
	"supervise/supervisor/control/wire"
)

// remote is the supervisor that a command talks to, and the format of its output.
type remote struct {
	dir    string // as given; "" for the environment's, or the default
	format string // text or json; "" if the command has no such flag
}

// flags adds --runtime-dir.
func (r *remote) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&r.dir, "runtime-dir", "", "the runtime `DIRECTORY` of the supervisor (default: $"+wire.DirectoryVariable+", or that of supervise run)")
	_ = cmd.MarkFlagDirname("runtime-dir")
}

// printing adds --runtime-dir and --format.
func (r *remote) printing(cmd *cobra.Command) {
	r.flags(cmd)
	addFormat(cmd, &r.format)
}

func (r *remote) json() bool { return r.format == "json" }

// directory is the runtime directory of the supervisor.
func (r *remote) directory() string {
	dir := wire.Directory(r.dir, os.Getenv)
	if absolute, err := filepath.Abs(dir); err == nil {
		return absolute
	}
	return dir
}

// answerTime is how long a supervisor may take for an answer that needs no waiting.
const answerTime = 10 * time.Second

// call sends a request that can be answered at once.
func (r *remote) call(q request.Request) (*request.Reply, error) {
	return r.callWithin(answerTime, q)
}

func (r *remote) callWithin(limit time.Duration, q request.Request) (reply *request.Reply, err error) {
	err = r.stream(limit, q, func(answer *request.Reply) error {
		reply = answer
		return nil
	})
	return reply, err
}

// stream sends a request and passes on each answer as it comes, also one with an error. A
// limit of 0 is none. The error is ready to be printed; its exit code is [exitCode]'s.
func (r *remote) stream(limit time.Duration, q request.Request, take func(*request.Reply) error) error {
	c, err := client.Dial(r.directory())
	if err != nil {
		return r.explain(nil, q, err)
	}
	ctx := context.Background()
	if limit > 0 {
		bounded, cancel := context.WithTimeout(ctx, limit)
		defer cancel()
		ctx = bounded
	}
	for answer, err := range c.Stream(ctx, q) {
		if err != nil {
			return r.explain(c, q, err)
		}
		if !r.json() {
			printable(answer)
		}
		if err := take(answer); err != nil {
			return err
		}
		if answer.Error != nil {
			return r.explain(c, q, answer.Error)
		}
	}
	return nil
}

// explain adds to an error what can be done about it.
func (r *remote) explain(c *client.Client, q request.Request, err error) error {
	var absent *client.NotRunningError
	var failure *request.Failure
	switch {
	case errors.As(err, &absent):
		return fmt.Errorf("%w: start one with 'supervise run FILE.toml', or name its directory with --runtime-dir or %s", err, wire.DirectoryVariable)
	case errors.As(err, &failure) && failure.Code == request.UnknownService:
		return r.unknown(c, q, failure)
	case errors.Is(err, context.DeadlineExceeded) && c != nil:
		return fmt.Errorf("the supervise of %s, pid %d, has not answered in time; what it was asked to do may go on ('supervise status --board' does not ask it)", r.directory(), c.PID())
	case errors.Is(err, syscall.EACCES), errors.Is(err, syscall.EPERM):
		return fmt.Errorf("%w: only its own user, root, and the group of 'control.group' may command it", err)
	}
	return err
}

// unknown names the services that do not exist, each with the one that was probably meant.
func (r *remote) unknown(c *client.Client, q request.Request, failure *request.Failure) error {
	ctx, cancel := context.WithTimeout(context.Background(), answerTime)
	defer cancel()
	reply, err := c.Call(ctx, request.Status{})
	if err != nil {
		return failure
	}
	var known, missing []string
	for i := range reply.Services {
		known = append(known, reply.Services[i].Name)
	}
	for _, name := range request.Names(q) {
		if !slices.Contains(known, name) {
			missing = append(missing, name)
		}
	}
	if len(missing) == 0 {
		return failure
	}
	return &request.Failure{Code: failure.Code, Text: r.without(missing, known)}
}

// without says of each name that there is no such service, and which one was probably meant.
func (r *remote) without(missing, known []string) string {
	texts := make([]string, len(missing))
	for i, name := range missing {
		texts[i] = fmt.Sprintf("the supervise of %s has no service %q", r.directory(), name)
		if near := guess.Word(name, known); near != "" {
			texts[i] += fmt.Sprintf("; did you mean %q?", near)
		} else {
			texts[i] += "; 'supervise status' lists its services"
		}
	}
	return strings.Join(texts, "\n")
}

// printJSON prints a list of a reply, [] if it is empty.
func printJSON[E any](w io.Writer, list []E) error {
	if list == nil {
		list = []E{}
	}
	encoder := json.NewEncoder(escape.JSON{To: w})
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(list)
}

// printObjects prints a list of a reply as JSON, one object per line, so that it can be read
// while more follows.
func printObjects[E any](w io.Writer, list []E) error {
	encoder := json.NewEncoder(escape.JSON{To: w})
	encoder.SetEscapeHTML(false)
	for i := range list {
		if err := encoder.Encode(&list[i]); err != nil {
			return err
		}
	}
	return nil
}

// warnDropped says that answers are missing, at their place.
func warnDropped(w io.Writer, reply *request.Reply) {
	if reply.Dropped > 0 {
		fmt.Fprintf(w, "supervise: %d answers are missing here: they came faster than they were read\n", reply.Dropped)
	}
}
