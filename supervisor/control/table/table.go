package table

import "unicode/utf8"

// Cell is one field: what to print, and how to colour it.
type Cell struct {
	Text  string
	Color string // an SGR parameter (ECMA-48), "" for none
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
