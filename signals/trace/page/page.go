package page

import (
	"bufio"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"io"
	"strconv"
	"time"

	"supervise/internal/text/escape"
	"supervise/signals/trace"
)

// Most is how many signals a page has, and events beside them.
const Most = 250_000

//go:embed page.html
var body string

//go:embed page.css
var style string

// The script, in the order of its parts.
var (
	//go:embed data.js
	scriptData string
	//go:embed filter.js
	scriptFilter string
	//go:embed scale.js
	scriptScale string
	//go:embed draw.js
	scriptDraw string
	//go:embed ui.js
	scriptUI string
)

// Writer is a [trace.Sink] that writes a page.
type Writer struct {
	to     *bufio.Writer
	line   []byte
	begun  time.Time
	lives  int
	events int
	tasks  map[trace.Task]int
	texts  map[string]int
}

// NewWriter writes the beginning of a page to a file, which the caller closes after End.
func NewWriter(to io.Writer) (*Writer, error) {
	w := &Writer{to: bufio.NewWriterSize(to, 64<<10), tasks: map[trace.Task]int{}, texts: map[string]int{}}
	script := "'use strict';(() => {\n" + scriptData + scriptFilter + scriptScale + scriptDraw + scriptUI + "})();\n"
	style := "\n" + style
	for _, part := range []string{
		"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n",
		"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; script-src '", hash(script), "'; style-src '", hash(style), "'\">\n",
		"<meta name=\"viewport\" content=\"width=device-width\">\n<link rel=\"icon\" href=\"data:,\">\n<title>Signals</title>\n<style>", style, "</style>\n</head>\n<body>\n",
		body, "<script>", script, "</script>\n<script type=\"application/json\" id=\"data\">\n",
	} {
		if _, err := w.to.WriteString(part); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// hash is how a policy names a script or a style.
func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// object writes a line that is an object. Its strings cannot end the script: encoding/json escapes <.
func (w *Writer) object(v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if _, err := w.to.Write(append(text, '\n')); err != nil {
		return err
	}
	return w.to.Flush()
}

// Begin writes the header; the times of the data count from its Begun.
func (w *Writer) Begin(h *trace.Header) error {
	w.begun = h.Begun
	shown := *h
	for _, text := range []*string{&shown.Backend, &shown.What, &shown.Host, &shown.Kernel, &shown.Program} {
		*text = escape.Line(*text)
	}
	return w.object(struct {
		Header *trace.Header `json:"header"`
	}{&shown})
}

// Bits of a life's flags, which data.js knows, too.
const (
	flagGroup = 1 << iota
	flagBlocked
	flagInfoLost
	flagKernel
)

// Life writes a line: ["l", time, signal, code, how, value, sender, target, verdict, detail,
// latency, exit, flags, handler]. Times are in nanoseconds; tasks and texts are their numbers.
func (w *Writer) Life(l *trace.Life) error {
	if w.lives++; w.lives > Most {
		return nil
	}
	how := trace.How(l.Signal, l.Code)
	if l.Call != "" {
		how = l.Call
	}
	handler := l.Symbol
	if handler == "" && l.Handler != 0 {
		handler = "0x" + strconv.FormatUint(l.Handler, 16)
	}
	// Tasks and texts that are new are lines of their own, before this one.
	signal, means, verdict, detail, function := w.text(l.Signal.String()), w.text(how), w.text(l.Verdict.String()), w.text(l.Detail), w.text(handler)
	sender, target := w.task(&l.Sender), w.task(&l.Target)
	line := append(w.line[:0], `["l"`...)
	line = number(line, w.since(l.Time))
	line = number(line, int64(signal))
	line = number(line, int64(l.Code))
	line = number(line, int64(means))
	if l.Value != nil { // a string, as a number in a script has but 53 bits
		line = append(line, `,"`...)
		line = strconv.AppendUint(line, *l.Value, 10)
		line = append(line, '"')
	} else {
		line = append(line, ",null"...)
	}
	for _, n := range []int64{int64(sender), int64(target), int64(verdict), int64(detail), int64(l.Latency)} {
		line = number(line, n)
	}
	line = appendExit(line, l.Exit)
	line = number(line, flags(l))
	line = number(line, int64(function))
	return w.end(line)
}

func number(line []byte, n int64) []byte { return strconv.AppendInt(append(line, ','), n, 10) }

// appendExit adds an object or null.
func appendExit(line []byte, e *trace.Exit) []byte {
	if e == nil {
		return append(line, ",null"...)
	}
	line = quote(append(line, `,{"text":`...), e.String())
	line = append(line, `,"after":`...)
	line = strconv.AppendInt(line, int64(e.After), 10)
	return append(line, '}')
}

func flags(l *trace.Life) (bits int64) {
	if l.Group {
		bits |= flagGroup
	}
	if l.Blocked {
		bits |= flagBlocked
	}
	if l.InfoLost {
		bits |= flagInfoLost
	}
	if l.FromKernel() {
		bits |= flagKernel
	}
	return bits
}

// end ends a line that is an array, and writes it.
func (w *Writer) end(line []byte) error {
	w.line = append(line, "]\n"...)
	_, err := w.to.Write(w.line)
	return err
}

// since is a time in the page.
func (w *Writer) since(t time.Time) int64 {
	if w.begun.IsZero() {
		w.begun = t
	}
	return int64(t.Sub(w.begun))
}

// text is the number of a text, which is written if it is new.
func (w *Writer) text(text string) int {
	n, ok := w.texts[text]
	if !ok {
		n = len(w.texts)
		w.texts[text] = n
		_ = w.end(quote(append(w.line[:0], `["s",`...), text)) // the next write has the error, too
	}
	return n
}

// task is the number of a task, which is written if it is new.
func (w *Writer) task(t *trace.Task) int {
	n, ok := w.tasks[*t]
	if !ok {
		n = len(w.tasks)
		w.tasks[*t] = n
		line := append(w.line[:0], `["t"`...)
		line = number(number(line, int64(t.PID)), int64(t.TID))
		line = quote(append(line, ','), t.Comm)
		line = number(number(line, t.UID), int64(t.NSPID))
		_ = w.end(quote(append(line, ','), t.Cgroup))
	}
	return n
}

// quote appends a text as JSON that is harmless on a screen and within a script.
func quote(line []byte, text string) []byte {
	quoted, err := json.Marshal(escape.Line(text))
	if err != nil {
		return append(line, `""`...) // cannot be: it is a string
	}
	return append(line, quoted...)
}

// Event writes a line: ["e", time, kind, task, child or -1, text].
func (w *Writer) Event(e *trace.Event) error {
	if w.events++; w.events > Most {
		return nil
	}
	about := e.Detail
	switch {
	case e.File != "":
		about = e.File
	case e.Exit != nil:
		about = e.Exit.String()
	}
	child := -1
	if e.Child != nil {
		child = w.task(e.Child)
	}
	kind, text, task := w.text(e.Event), w.text(about), w.task(&e.Task)
	line := append(w.line[:0], `["e"`...)
	for _, n := range []int64{w.since(e.Time), int64(kind), int64(task), int64(child), int64(text)} {
		line = number(line, n)
	}
	return w.end(line)
}

// Flush writes what there is.
func (w *Writer) Flush() error { return w.to.Flush() }

// End ends the page.
func (w *Writer) End(c *trace.Counts) error {
	if err := w.object(struct {
		Counts *trace.Counts `json:"counts"`
	}{c}); err != nil {
		return err
	}
	if _, err := w.to.WriteString("</script>\n</body>\n</html>\n"); err != nil {
		return err
	}
	return w.to.Flush()
}
