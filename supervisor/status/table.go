package status

import (
	"unicode/utf8"

	"supervise/internal/text"
	"supervise/internal/text/escape"
)

// Cell is a cell of the table: its text, and its colour.
type Cell struct {
	Text  string
	Color string // an SGR parameter (ECMA-48), "" for none
}

// Rows returns the rows of the table, the head first. now is needed for durations.
func Rows(services []Service, now int64) [][]Cell {
	rows := make([][]Cell, 1+len(services))
	for i := range rows {
		rows[i] = make([]Cell, 0, numColumns)
	}
	for c := range column(numColumns) {
		texts, used := make([]string, len(services)), !c.optional()
		for n := range services {
			texts[n] = escape.Line(c.text(&services[n], now))
			used = used || texts[n] != ""
		}
		if !used {
			continue
		}
		rows[0] = append(rows[0], Cell{Text: heads[c]})
		for n := range services {
			cell := Cell{Text: texts[n], Color: c.color(&services[n])}
			if cell.Text == "" {
				cell.Text = "-"
			}
			rows[1+n] = append(rows[1+n], cell)
		}
	}
	return rows
}

// text is what add adds, where the name of a sender that could be taken for more is in quotes.
func (c column) text(s *Service, now int64) string {
	shown := *s
	shown.Exit.By.Name = escape.Name(s.Exit.By.Name)
	b := text.NewBuffer(make([]byte, 64+len(shown.Name)+len(shown.State)+len(shown.Wanted)+len(shown.Exit.By.Name)))
	c.add(&b, &shown, now)
	return string(b.Bytes())
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

// Table is the table for where there is no allocation: it is told of the services twice, first
// to find out how wide the columns are. The texts of all must be plain: see [Service.Plain].
type Table struct {
	Now    int64
	Colors bool
	widths [numColumns]int // 0: the column is left out
}

// Plain reports whether all texts that the table has are shown as they are.
func (s *Service) Plain() bool {
	return escape.Plain(s.Name) && escape.Plain(s.State) && escape.Plain(s.Wanted) && escape.Plain(s.Awaits) && escape.PlainName(s.Exit.By.Name)
}

// Measure makes room for a service. The buffer is for its use.
func (t *Table) Measure(b *text.Buffer, s *Service) {
	for c := range column(numColumns) {
		begin := b.Len()
		c.add(b, s, t.Now)
		width := b.Len() - begin
		b.Cut(begin)
		if width > 0 || !c.optional() {
			t.widths[c] = max(t.widths[c], width, len(heads[c]))
		}
	}
}

// AddHead adds the first row.
func (t *Table) AddHead(b *text.Buffer) {
	end := b.Len()
	for c := range column(numColumns) {
		if t.widths[c] > 0 || !c.optional() {
			b.Pad(end)
			end = b.Len() + max(t.widths[c], len(heads[c])) + len(gap)
			b.Add(heads[c])
		}
	}
	b.AddByte('\n')
}

// AddRow adds the row of a service.
func (t *Table) AddRow(b *text.Buffer, s *Service) {
	end := b.Len()
	for c := range column(numColumns) {
		if t.widths[c] == 0 {
			continue
		}
		b.Pad(end)
		color := ""
		if t.Colors {
			color = c.color(s)
		}
		addColor(b, color)
		begin := b.Len()
		if c.add(b, s, t.Now); b.Len() == begin {
			b.AddByte('-')
		}
		end = begin + t.widths[c] + len(gap)
		if color != "" {
			b.Add(noColor)
			end += len(noColor)
		}
	}
	b.AddByte('\n')
}

func addColor(b *text.Buffer, color string) {
	if color != "" {
		b.Add("\x1b[")
		b.Add(color)
		b.Add("m")
	}
}

const (
	gap     = "  "
	noColor = "\x1b[0m"
)

// color is the SGR parameter of a service in a column: green for the state of one that runs or has
// done its work, yellow for a state that will pass, red for failed.
func (c column) color(s *Service) string {
	if c != colState {
		return ""
	}
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

func addNumber(b *text.Buffer, n int) {
	if n != 0 {
		b.AddInt(int64(n))
	}
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
