package summary

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"supervise/internal/text/escape"
)

// shown is how many routes are printed.
const shown = 50

// bar is how wide the longest bar of a histogram is.
const bar = 40

// Print prints tables.
func (r *Report) Print(to io.Writer) error {
	var out bytes.Buffer
	fmt.Fprintf(&out, "%s signals", number(r.Counts.Lives))
	if r.Counts.Duration > 0 {
		fmt.Fprintf(&out, " in %v", r.Counts.Duration.Round(time.Millisecond))
	}
	if r.Counts.Backend != "" {
		fmt.Fprintf(&out, " by %s", escape.Line(r.Counts.Backend))
	}
	if r.Trace != nil && r.Trace.What != "" {
		fmt.Fprintf(&out, ": %s", escape.Line(r.Trace.What))
	}
	out.WriteString("\n")
	if len(r.Routes) > 0 {
		r.printRoutes(&out)
		r.printVerdicts(&out)
		r.Latency.print(&out, "from the sending to the delivery")
		r.Blocked.print(&out, "the same of signals that were blocked when they were sent")
	}
	_, err := to.Write(out.Bytes())
	return err
}

func (r *Report) printRoutes(out *bytes.Buffer) {
	rows := [][]string{{">count", ">share", "sender", "target", "signal", ">longest", "what became of them"}}
	for _, route := range r.Routes[:min(shown, len(r.Routes))] {
		signal, longest := "", ""
		if route.Signal != 0 {
			signal = route.Signal.String()
		}
		if route.Max > 0 {
			longest = round(route.Max)
		}
		rows = append(rows, []string{
			number(route.Count), percent(route.Share.Share), route.Sender.String(), "-> " + route.Target.String(), signal, longest, ends(route.Verdicts),
		})
	}
	table(out, rows)
	if n := len(r.Routes) - shown; n > 0 {
		fmt.Fprintf(out, "and %s more rows: --format json has all, --signal, --from and --to make it less\n", number(uint64(n)))
	}
}

// ends lists what became of signals, the most first.
func ends(verdicts map[string]uint64) string {
	words := slices.SortedFunc(maps.Keys(verdicts), func(a, b string) int {
		return cmp.Or(cmp.Compare(verdicts[b], verdicts[a]), strings.Compare(a, b))
	})
	for i, w := range words {
		if len(words) > 1 {
			words[i] = w + " " + number(verdicts[w])
		}
	}
	return strings.Join(words, ", ")
}

func (r *Report) printVerdicts(out *bytes.Buffer) {
	rows := [][]string{{">count", ">share", "verdict"}}
	for _, v := range r.Verdicts {
		rows = append(rows, []string{number(v.Count), percent(v.Share.Share), v.Verdict.String()})
	}
	table(out, rows)
	fmt.Fprintf(out, "\ncoalesced %s (%s), lost %s (%s): overflow %s, dropped %s; siginfo lost %s",
		number(r.Coalesced.Count), percent(r.Coalesced.Share), number(r.Lost.Count), percent(r.Lost.Share.Share),
		number(r.Lost.Overflow), number(r.Lost.Dropped), number(r.Lost.Siginfo))
	if r.Lost.Records > 0 {
		fmt.Fprintf(out, "; %s records are missing, so that all of this is too little", number(r.Lost.Records))
	}
	out.WriteString("\n")
}

// print prints percentiles and bars.
func (l *Latency) print(out *bytes.Buffer, title string) {
	if l.Count == 0 {
		return
	}
	fmt.Fprintf(out, "\n%s: half within %s, 90 %% %s, 99 %% %s, the longest %s\n",
		title, round(l.P50), round(l.P90), round(l.P99), round(l.Max))
	highest := uint64(1)
	for _, b := range l.Buckets {
		highest = max(highest, b.Count)
	}
	var rows [][]string
	for _, b := range l.Buckets {
		length := int((b.Count*bar + highest - 1) / highest)
		rows = append(rows, []string{round(b.From), "to", round(b.To), number(b.Count), "|" + strings.Repeat("#", length)})
	}
	align(out, rows, []bool{true, false, true, true, false})
}

// String names it: "sh 812", and without a pid if it is several.
func (p Party) String() string {
	name := escape.Line(p.Comm)
	if p.PID > 0 {
		name += " " + strconv.Itoa(p.PID)
	}
	return name
}

// table prints rows below a title; > in it is for a column of numbers.
func table(out *bytes.Buffer, rows [][]string) {
	right := make([]bool, len(rows[0]))
	for i, cell := range rows[0] {
		rows[0][i], right[i] = strings.TrimPrefix(cell, ">"), cell[0] == '>'
	}
	out.WriteString("\n")
	align(out, rows, right)
}

// align prints rows in columns; the last may be of any width.
func align(out *bytes.Buffer, rows [][]string, right []bool) {
	widths := make([]int, len(right))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for _, row := range rows {
		line := ""
		for i, cell := range row {
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if i > 0 {
				line += "  "
			}
			if right[i] {
				line += pad + cell
			} else {
				line += cell + pad
			}
		}
		out.WriteString(strings.TrimRight(line, " ") + "\n")
	}
}

// number groups digits: 12,345.
func number(n uint64) string {
	text := strconv.FormatUint(n, 10)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

func percent(share float64) string { return strconv.FormatFloat(share*100, 'f', 1, 64) + " %" }

// round leaves three digits.
func round(d time.Duration) string {
	unit := time.Duration(1)
	for d/unit >= 1000 {
		unit *= 10
	}
	return d.Round(unit).String()
}
