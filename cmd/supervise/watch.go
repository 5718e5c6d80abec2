//go:build !slim

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"supervise/internal/text/escape"
	"supervise/supervisor/board"
	"supervise/supervisor/control/client"
	"supervise/supervisor/status"
)

// watch shows how services stand, again whenever that changes, until the supervisor ends.
// It reads the board, so that the supervisor has nothing to do with it.
func (r *remote) watch(w io.Writer, names []string) error {
	b, err := r.openBoard()
	if err != nil {
		return err
	}
	defer b.Close()
	endWithReader()
	show, again := r.printChanges(w), time.Hour
	if !r.json() && isTerminal(os.Stdout) {
		show, again = redraw(os.Stdout), time.Second // for how long ago things were
	}
	for b.Alive() {
		mark, err := b.Mark()
		if err == nil {
			var services []status.Service
			if services, err = r.readBoard(b.Snapshot(nil), names); err != nil {
				return err
			}
			if err := show(services); err != nil {
				return err
			}
			_, err = b.Wait(mark, again)
		}
		if errors.Is(err, board.ErrNone) {
			break
		}
		if err != nil {
			return err
		}
	}
	return fmt.Errorf("%w any more", &client.NotRunningError{Dir: r.directory()})
}

// printChanges prints a line, or an object, of each service whose line is not what it was.
func (r *remote) printChanges(w io.Writer) func([]status.Service) error {
	before := map[string]string{}
	return func(services []status.Service) error {
		for i := range services {
			s := &services[i]
			line, now := brief(s), clock(time.Now())+"  "
			if r.json() {
				text, err := json.Marshal(s)
				if err != nil {
					return err
				}
				line, now = string(escape.AppendJSON(nil, text)), ""
			}
			if before[s.Name] == line {
				continue
			}
			before[s.Name] = line
			if _, err := fmt.Fprintf(w, "%s%s\n", now, line); err != nil {
				return err
			}
		}
		return nil
	}
}

// The terminal's control sequences: ECMA-48.
const (
	clearScreen = "\x1b[2J"
	home        = "\x1b[H"
	clearBelow  = "\x1b[J"
)

// redraw draws the table in place of the one before, as much of it as the terminal shows.
func redraw(w io.Writer) func([]status.Service) error {
	begin := clearScreen + home
	colors := colored(1)
	return func(services []status.Service) error {
		rows := status.Rows(services, time.Now().UnixNano())
		if height := terminalHeight(os.Stdout); len(rows) > height-2 && height > 2 {
			left := len(rows) - (height - 2)
			rows = append(rows[:height-2], []status.Cell{{Text: fmt.Sprintf("... and %d more", left)}})
		}
		if _, err := io.WriteString(w, begin); err != nil {
			return err
		}
		begin = home
		return printTable(lineClearer{w}, rows, colors)
	}
}

// lineClearer clears what is left of longer lines, and below the last.
type lineClearer struct{ w io.Writer }

func (c lineClearer) Write(text []byte) (int, error) {
	var out []byte
	for _, b := range text {
		if b == '\n' {
			out = append(out, "\x1b[K\r"...)
		}
		out = append(out, b)
	}
	_, err := c.w.Write(append(out, clearBelow...))
	return len(text), err
}

// terminalHeight returns the lines of a terminal, 0 when it does not say.
func terminalHeight(f *os.File) int {
	size, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ)
	if err != nil {
		return 0
	}
	return int(size.Row)
}
