//go:build !slim

package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"supervise/internal/text/escape"
	"supervise/signals"
	"supervise/signals/inspect"
)

// printReports prints what is known of processes for people.
func printReports(w io.Writer, reports []*inspect.Report) error {
	var missing []string
	for i, r := range reports {
		if i > 0 {
			if _, err := fmt.Fprintln(w); err != nil {
				return err
			}
		}
		if err := printReport(w, r); err != nil {
			return err
		}
		for _, m := range r.Missing {
			if !slices.Contains(missing, m) {
				missing = append(missing, m)
			}
		}
	}
	if len(reports) == 0 {
		_, err := fmt.Fprintln(w, "no service runs")
		return err
	}
	if len(missing) == 0 {
		return nil
	}
	_, err := fmt.Fprintf(w, "\n%s\n", escape.Line(strings.Join(missing, "; ")))
	return err
}

func printReport(w io.Writer, r *inspect.Report) error {
	var b strings.Builder
	b.WriteString(headline(r))
	rows, only := signalRows(r)
	if len(rows) > 1 {
		b.WriteString("\n" + columns(rows))
	}
	for _, o := range only {
		b.WriteString("\nOnly blocked, " + o.where + ": " + brieflyNamed(o.signals) + "\n")
	}
	switch {
	case r.Kernel:
		b.WriteString("\nIt is a thread of the kernel, which ignores every other signal.\n")
	case len(rows) == 1 && len(only) == 0 && len(r.Threads) > 0:
		b.WriteString("\nEvery signal has its default effect.\n")
	}
	b.WriteString(queueText(r))
	for _, f := range r.Findings {
		fmt.Fprintf(&b, "\n%s: %s\n    remedy: %s\n", f.ID, escape.Line(f.Text), escape.Line(f.Remedy))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// signalRows are the rows of the table. Signals of which there is nothing to say but that the
// same threads block them are not among them if there are many.
func signalRows(r *inspect.Report) (rows [][]string, only []blockedOnly) {
	only = onlyBlocked(r)
	rows = [][]string{{"SIGNAL", "DISPOSITION", "BLOCKED", "PENDING", "HANDLER", "FLAGS", "MASK"}}
	last := -1 // signal of the last row, by its index
	for i := range r.Signals {
		s := &r.Signals[i]
		if slices.ContainsFunc(only, func(o blockedOnly) bool { return o.signals.Has(s.Signal) }) {
			continue
		}
		cells := signalCells(r, s)
		end := rows[len(rows)-1]
		if last >= 0 && s.Signal.RealTime() && r.Signals[last].Signal.RealTime() && s.Signal == r.Signals[last].Signal+1 && slices.Equal(end[1:], cells) {
			first, _, _ := strings.Cut(end[0], " ")
			end[0] = first + " to " + s.Signal.String()
		} else {
			rows = append(rows, append([]string{s.Signal.String()}, cells...))
		}
		last = i
	}
	return rows, only
}

// blockedOnly are signals with their default action that the same threads block.
type blockedOnly struct {
	where   string
	signals signals.Set
}

// onlyBlocked returns those that are many.
func onlyBlocked(r *inspect.Report) (many []blockedOnly) {
	const few = 6
	for i := range r.Signals {
		s := &r.Signals[i]
		if s.Disposition != "default" || len(s.Blocked) == 0 || s.Pending.Any() || len(s.TakenBy) > 0 || slices.Contains(s.Flags, "SA_NOCLDWAIT") {
			continue
		}
		where := threadsText(s.Blocked, len(r.Threads))
		if where == "yes" {
			where = "by its only thread"
		}
		k := slices.IndexFunc(many, func(o blockedOnly) bool { return o.where == where })
		if k < 0 {
			many, k = append(many, blockedOnly{where: where}), len(many)
		}
		many[k].signals = many[k].signals.With(s.Signal)
	}
	return slices.DeleteFunc(many, func(o blockedOnly) bool { return o.signals.Len() <= few })
}

// headline says which process it is: pid 812 (nginx), 4 threads, uid 0, child of 1.
func headline(r *inspect.Report) string {
	text := fmt.Sprintf("pid %d (%s), %s, uid %d, child of %d", r.PID, r.Comm, counted(len(r.Threads), "thread"), r.UID, r.Parent)
	if len(r.Threads) == 0 {
		text = fmt.Sprintf("pid %d (%s), which has ended and waits for its parent %d to take notice", r.PID, r.Comm, r.Parent)
	}
	if r.NSPID != r.PID {
		text += fmt.Sprintf(", pid %d in its namespace", r.NSPID)
	}
	percent := ""
	if r.Queue.Limit > 0 {
		percent = fmt.Sprintf(" (%d %%)", r.Queue.Used*100/r.Queue.Limit)
	}
	return escape.Line(fmt.Sprintf("%s, queue %d of %d%s", text, r.Queue.Used, r.Queue.Limit, percent)) + "\n"
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// signalCells are the cells of a row behind the signal.
func signalCells(r *inspect.Report, s *inspect.Signal) []string {
	disposition := s.Disposition
	switch s.Origin {
	case "inherited":
		disposition += ": inherited"
	case "program":
		if s.Disposition == "ignored" {
			disposition += ": by the program"
		}
	}
	for _, t := range s.TakenBy {
		if t.Thread != 0 {
			disposition += fmt.Sprintf(", awaited by thread %d", t.Thread)
		} else {
			disposition += fmt.Sprintf(", read by signalfd %d", t.SignalFD)
		}
	}
	return []string{
		disposition, threadsText(s.Blocked, len(r.Threads)), pendingText(r, &s.Pending),
		escape.Line(s.Handler), flagsText(s), maskText(s.Masked()),
	}
}

// flagsText leaves out what every program has.
func flagsText(s *inspect.Signal) string {
	var words []string
	for _, f := range s.Flags {
		if f != "SA_RESTORER" {
			words = append(words, strings.TrimPrefix(f, "SA_"))
		}
	}
	return strings.Join(words, " ")
}

// maskText names what is in a mask, or what is not if that is less. No mask can have KILL and
// STOP, and sigfillset(3) leaves out the two signals of the C library.
func maskText(mask signals.Set) string {
	const never = signals.Set(1<<(signals.SIGKILL-1) | 1<<(signals.SIGSTOP-1))
	const libc = signals.Set(1<<(32-1) | 1<<(33-1))
	rest := signals.Full &^ never &^ mask
	switch {
	case mask == 0:
		return ""
	case rest&^libc == 0:
		return "all"
	case rest.Len() < mask.Len():
		return "all but " + brieflyNamed(rest&^libc)
	}
	return brieflyNamed(mask)
}

// brieflyNamed names the signals of a set without SIG, several real-time signals in a row as
// RTMIN+1 to RTMAX.
func brieflyNamed(set signals.Set) string {
	var words []string
	for s := signals.Signal(1); s.Valid(); s++ {
		if !set.Has(s) {
			continue
		}
		first := s
		for s.RealTime() && set.Has(s+1) {
			s++
		}
		word := strings.TrimPrefix(first.String(), "SIG")
		if s > first {
			word += " to " + strings.TrimPrefix(s.String(), "SIG")
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}

// threadsText says which of all threads it is that block a signal.
func threadsText(tids []int, all int) string {
	const most = 8
	switch {
	case len(tids) == 0:
		return ""
	case all == 1:
		return "yes"
	case len(tids) == all:
		return "in all threads"
	}
	text := fmt.Sprintf("in %d of %d threads:", len(tids), all)
	for i, tid := range tids {
		if i == most {
			return text + " ..."
		}
		text += " " + strconv.Itoa(tid)
	}
	return text
}

func pendingText(r *inspect.Report, p *inspect.Pending) string {
	var words []string
	if p.Process {
		words = append(words, "process")
	}
	switch {
	case len(p.Threads) == 0:
	case len(r.Threads) == 1:
		words = append(words, "thread")
	case len(p.Threads) == 1:
		words = append(words, "thread "+strconv.Itoa(p.Threads[0]))
	default:
		words = append(words, strings.TrimPrefix(threadsText(p.Threads, len(r.Threads)), "in "))
	}
	return strings.Join(words, ", ")
}

// columns lays out rows. A column that is empty below its title is left out.
func columns(rows [][]string) string {
	var widths []int
	for c := range rows[0] {
		width := 0
		for _, row := range rows[1:] {
			width = max(width, utf8.RuneCountInString(row[c]))
		}
		if width > 0 {
			width = max(width, len(rows[0][c]))
		}
		widths = append(widths, width)
	}
	var b strings.Builder
	for _, row := range rows {
		line := ""
		for c, cell := range row {
			if widths[c] > 0 {
				line += cell + strings.Repeat(" ", widths[c]-utf8.RuneCountInString(cell)+2)
			}
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	return b.String()
}

// queueText lists the pending signals, if they were asked for.
func queueText(r *inspect.Report) string {
	switch {
	case r.Queue.Signals == nil:
		return ""
	case len(r.Queue.Signals) == 0:
		return "\nNo signal is pending.\n"
	}
	rows := [][]string{{"PENDING", "FOR", "VALUE", "FROM"}}
	for i := range r.Queue.Signals {
		q := &r.Queue.Signals[i]
		where, value, from := "the process", "", q.Sender
		if q.Thread != 0 {
			where = "thread " + strconv.Itoa(q.Thread)
		}
		if q.Code == signals.CodeQueue || q.Value != 0 {
			value = strconv.FormatUint(q.Value, 10)
		}
		if q.Comm != "" {
			from += ", " + q.Comm
		}
		rows = append(rows, []string{q.Signal.String(), where, value, escape.Line(from)})
	}
	return "\n" + columns(rows)
}
