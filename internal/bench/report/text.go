package report

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// JSON writes the report as one indented object.
func (r *Report) JSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

// Text writes the report for people.
func (r *Report) Text(w io.Writer) error {
	var b strings.Builder
	r.Machine.write(&b)
	for i := range r.Tables {
		b.WriteByte('\n')
		r.Tables[i].write(&b)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (m *Machine) write(b *strings.Builder) {
	who := "a plain user"
	if m.Root {
		who = "root"
	}
	fmt.Fprintf(b, "%s, Linux %s, %s x %d, %s, as %s\n", m.Date.Format("2006-01-02"), m.Kernel, m.CPU, m.Cores, m.Go, who)
	fmt.Fprintf(b, "%d rounds in %.0f s; noise before and after: %.1f %% and %.1f %% of a spinning thread's time, longest pauses %.1f and %.1f ms\n",
		m.Rounds, m.Seconds, m.NoisePercent[0], m.NoisePercent[1], m.LongestPauses[0], m.LongestPauses[1])
}

func (t *Table) write(b *strings.Builder) {
	fmt.Fprintf(b, "%s: %s\n", t.Name, t.Title)
	if t.Skipped != "" {
		fmt.Fprintf(b, "  skipped: %s\n", t.Skipped)
		return
	}
	for _, goal := range t.Goals {
		fmt.Fprintf(b, "  goal: %s\n", goal)
	}
	t.writeRows(b)
	for _, note := range t.Notes {
		fmt.Fprintf(b, "  %s\n", note)
	}
}

// writeRows lays the cells out in columns: names to the left, results to the right.
func (t *Table) writeRows(b *strings.Builder) {
	lines := [][]string{{""}}
	for _, column := range t.Columns {
		lines[0] = append(lines[0], column.Title)
	}
	for _, row := range t.Rows {
		line := []string{row.Name}
		if row.Skipped == "" {
			for _, column := range t.Columns {
				line = append(line, row.Cells[column.Key].Text)
			}
		}
		lines = append(lines, line)
	}
	widths := make([]int, len(t.Columns)+1)
	for _, line := range lines {
		for i, text := range line {
			widths[i] = max(widths[i], utf8.RuneCountInString(text))
		}
	}
	for i, line := range lines {
		out := "  " + pad(line[0], widths[0], false)
		if i > 0 && t.Rows[i-1].Skipped != "" {
			out += "  skipped: " + t.Rows[i-1].Skipped
		}
		for j, text := range line[1:] {
			out += "  " + pad(text, widths[j+1], true)
		}
		b.WriteString(strings.TrimRight(out, " "))
		b.WriteByte('\n')
	}
}

func pad(text string, width int, right bool) string {
	space := strings.Repeat(" ", width-utf8.RuneCountInString(text))
	if right {
		return space + text
	}
	return text + space
}
