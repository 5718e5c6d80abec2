package status

import (
	"strconv"
	"unicode/utf8"

	"supervise/internal/text/escape"
)

// Cell is a cell of the table: its text, and its colour.
type Cell struct {
	Text  string
	Color string // an SGR parameter (ECMA-48), "" for none
}

// column is a column of the table.
type column struct {
	head  string
	text  func(s *Service, now int64) string
	color func(s *Service) string // nil: none

	optional bool // it is left out where no service has a text
}

// Rows returns the rows of the table, the head first. now is needed for durations.
func Rows(services []Service, now int64) [][]Cell {
	rows := make([][]Cell, 1+len(services))
	for i := range rows {
		rows[i] = make([]Cell, 0, len(columns))
	}
	for i := range columns {
		c := &columns[i]
		if c.optional && !c.used(services, now) {
			continue
		}
		rows[0] = append(rows[0], Cell{Text: c.head})
		for n := range services {
			var cell Cell
			if cell.Text = escape.Line(c.text(&services[n], now)); cell.Text == "" {
				cell.Text = "-"
			}
			if c.color != nil {
				cell.Color = c.color(&services[n])
			}
			rows[1+n] = append(rows[1+n], cell)
		}
	}
	return rows
}

// used reports whether there is anything to be said in a column.
func (c *column) used(services []Service, now int64) bool {
	for n := range services {
		if c.text(&services[n], now) != "" {
			return true
		}
	}
	return false
}

// Render returns rows in columns as wide as they need to be. The last column is not padded.
func Render(rows [][]Cell, colors bool) []byte {
	widths := widthsOf(rows)
	length := 0
	for _, width := range widths {
		length += width + len("  ")
	}
	out := make([]byte, 0, len(rows)*(length+len("\x1b[32m\x1b[0m\n"))) // about
	for _, row := range rows {
		for i, c := range row {
			if colors && c.Color != "" {
				out = append(out, "\x1b["+c.Color+"m"+c.Text+"\x1b[0m"...)
			} else {
				out = append(out, c.Text...)
			}
			if i < len(row)-1 {
				for range widths[i] - utf8.RuneCountInString(c.Text) + 2 {
					out = append(out, ' ')
				}
			}
		}
		out = append(out, '\n')
	}
	return out
}

func widthsOf(rows [][]Cell) (widths []int) {
	for _, row := range rows {
		if widths == nil {
			widths = make([]int, 0, len(row))
		}
		for i, c := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(c.Text))
		}
	}
	return widths
}

// stateColor is green for a service that runs or has done its work, yellow for a state that will pass, red for failed.
func stateColor(s *Service) string {
	switch s.DisplayState() {
	case Running, "done":
		return "32"
	case paused, "waiting", "starting", "stopping", "clearing", "backoff":
		return "33"
	case "failed":
		return "31"
	default: // stopped and removed are neither
		return ""
	}
}

// number is "" for 0.
func number(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// since is how long ago a time was, "" for none.
func since(t, now int64) string {
	if t == 0 {
		return ""
	}
	return Short(now - t)
}

// until is how long it is to a time, "" for none.
func until(t, now int64) string {
	if t == 0 {
		return ""
	}
	return Short(t - now)
}
