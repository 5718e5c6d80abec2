package graph

import (
	"fmt"
	"strings"

	"supervise/internal/text/escape"
)

// The drawing, in pixels: a column for each wave, from left to right.
const (
	boxWidth, boxHeight = 150, 40
	gapX, gapY          = 90, 24
	margin              = 20
)

// SVG returns a drawing of the graph. An arrow leads to what starts first.
func (g *Graph) SVG() []byte {
	at := map[string]point{}
	rows := map[int]int{}
	size := point{}
	for _, s := range g.Services {
		p := point{margin + (s.Wave-1)*(boxWidth+gapX), margin + rows[s.Wave]*(boxHeight+gapY)}
		rows[s.Wave]++
		at[s.Name] = p
		size.x, size.y = max(size.x, p.x+boxWidth+margin), max(size.y, p.y+boxHeight+margin)
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="sans-serif" font-size="13">`+"\n", size.x, size.y)
	b.WriteString(`<defs><marker id="a" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path d="M0 0L8 4L0 8z"/></marker></defs>` + "\n")
	for _, e := range g.Edges {
		from, to := at[e.Service], at[e.To]
		x1, y1, x2, y2 := from.x, from.y+boxHeight/2, to.x+boxWidth, to.y+boxHeight/2
		fmt.Fprintf(&b, `<path d="M%d %dC%d %d %d %d %d %d" fill="none" stroke="black" stroke-width="%d" stroke-dasharray="%s" marker-end="url(#a)"><title>%s</title></path>`+"\n",
			x1, y1, x1-gapX/2, y1, x2+gapX/2, y2, x2, y2, width(e.Kind), lines[e.Kind].dashes, escape.XML(e.Service+" "+e.Kind+" "+e.To+details(e)))
	}
	for _, s := range g.Services {
		p, corners := at[s.Name], 0
		if shape(s) != "" {
			corners = boxHeight / 2
		}
		fmt.Fprintf(&b, `<rect x="%d" y="%d" width="%d" height="%d" rx="%d" fill="%s" stroke="black"/>`, p.x, p.y, boxWidth, boxHeight, corners, color(s.State))
		fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="middle">%s</text>`+"\n", p.x+boxWidth/2, p.y+boxHeight/2+4, escape.XML(cut(s.Name)+state(s)))
	}
	b.WriteString("</svg>\n")
	return []byte(b.String())
}

type point struct{ x, y int }

func width(kind string) int {
	if kind == "requires" {
		return 2
	}
	return 1
}

// color is as that of the state in a terminal.
func color(state string) string {
	switch state {
	case "running", "done":
		return "#d8f0d8"
	case "failed":
		return "#f4cccc"
	case "", "stopped":
		return "white"
	}
	return "#fdf0c8"
}

func state(s Service) string {
	if s.State == "" {
		return ""
	}
	return ": " + s.State
}

// cut keeps a name within its box.
func cut(name string) string {
	const most = 12
	if len(name) <= most {
		return name
	}
	return name[:most-1] + "…"
}
