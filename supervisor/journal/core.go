package journal

import (
	"strconv"
	"strings"

	"supervise/coredump/report"
	"supervise/internal/size"
)

// Core is what is known of a crash, as far as the journal keeps it: the store has the rest. It
// is a plain comparable value. What is not known is zero.
type Core struct {
	ID       string // in the store
	Process  string // the process that has crashed, if that is not the main one: "813 (worker)"
	Summary  string // why and where: [report.Report.Summary]
	Signal   string // "SIGSEGV"
	Code     string // "SEGV_MAPERR"
	Address  string // of a fault: "0x10"
	Function string // in which it crashed
	State    string // of the core: [report.State]
	Reason   string // for that state
	Mini     int64  // bytes of the small core, 0 for none
	Size     int64  // bytes of the full one, 0 as long as they are not known
	Stored   int64  // bytes that it takes on the disk
}

// CoreOf is what the journal keeps of a report. process is the one that has crashed, "" if it
// was the main process.
func CoreOf(r *report.Report, process string) Core {
	c := Core{
		ID: r.ID, Process: process, Summary: r.Summary(), Signal: r.Signal, Code: r.CodeName,
		State: string(r.Core.State), Reason: r.Core.Reason, Mini: r.Mini.Size, Size: r.Core.Size, Stored: r.Core.Stored.Stored,
	}
	if r.HasAddress() {
		c.Address = r.Address.String()
	}
	if thread := crashed(r); thread != nil && len(thread.Frames) > 0 {
		c.Function = thread.Frames[0].Function
	}
	return c
}

// Cut reports whether the core is less than it was to be.
func (c *Core) Cut() bool {
	return c.State == string(report.Truncated) || c.Reason != ""
}

// crash says that the process has crashed, and what there is of its core.
func (c *Core) crash() string {
	text := "crashed: " + c.Summary
	if c.Process != "" {
		text = "its process " + c.Process + " " + text
	}
	if c.ID == "" && c.State != string(report.Refused) {
		return text // the store is still to take it
	}
	switch report.State(c.State) {
	case report.Refused:
		return text + "; no core is kept" + c.because()
	case report.Taking:
		return text + "; " + c.named() + ", the full one is being written"
	case report.Truncated:
		return text + "; " + c.named() + ", cut short at " + size.Format(c.Size) + c.because()
	case report.MiniOnly:
		return text + "; " + c.named() + c.because()
	case report.Complete:
		return text + "; " + c.named() + ", full " + size.Format(c.Size)
	}
	return text
}

// named is the core with its small one.
func (c *Core) named() string {
	text := "core " + c.ID
	if c.Mini > 0 {
		text += ", mini " + size.Format(c.Mini)
	}
	return text
}

// outcome says what has become of the core.
func (c *Core) outcome() string {
	switch report.State(c.State) {
	case report.Refused:
		return "no core is kept" + c.because()
	case report.Truncated:
		return "core " + c.ID + " is cut short" + c.because()
	case report.MiniOnly:
		return "of core " + c.ID + " only the small one is kept" + c.because()
	case report.Complete, report.Taking:
	}
	text := "core " + c.ID + " is stored: " + size.Format(c.Size)
	if disk := size.Format(c.Stored); c.Stored > 0 && disk != size.Format(c.Size) {
		text += ", of which " + disk + " on the disk"
	}
	return text
}

func (c *Core) because() string {
	if c.Reason == "" {
		return ""
	}
	return ": " + c.Reason
}

// crashed is the thread that has crashed, nil if none is known to have.
func crashed(r *report.Report) *report.Thread {
	for i := range r.Threads {
		if r.Threads[i].Crashed {
			return &r.Threads[i]
		}
	}
	return nil
}

// JoinStack makes one text of the stack of the thread that has crashed, for [Fact]: the innermost
// functions, a line each, and at the end how many more there are. It is bounded as [JoinLines]
// is.
func JoinStack(r *report.Report) string {
	thread := crashed(r)
	if thread == nil {
		return ""
	}
	var lines []string
	bytes := 0
	for i, f := range thread.Frames {
		line := "#" + strconv.Itoa(i) + " " + frame(f)
		if i == MaxLines-1 && len(thread.Frames) > MaxLines || bytes+len(line) > MaxLineBytes-len("and 18446744073709551615 more\n") {
			lines = append(lines, "and "+strconv.Itoa(len(thread.Frames)-i)+" more")
			break
		}
		lines = append(lines, line)
		bytes += len(line) + 1
	}
	return strings.Join(lines, "\n")
}

// maxFunction is how much of a function's name a line has: those of C++ have no end.
const maxFunction = 160

// frame is "handle_request+0x42 (/usr/bin/web)".
func frame(f report.Frame) string {
	text := f.Address.String()
	if f.Function != "" {
		text = f.Function
		if len(text) > maxFunction {
			text = strings.ToValidUTF8(text[:maxFunction], "") + "..."
		}
		text += "+0x" + strconv.FormatUint(f.Offset, 16)
	}
	text = strings.ReplaceAll(text, "\n", " ")
	switch {
	case f.Source != "":
		text += " at " + f.Source
	case f.Module != "":
		text += " (" + f.Module + ")"
	}
	return strings.ReplaceAll(text, "\n", " ")
}
