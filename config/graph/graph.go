package graph

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"supervise/config"
)

// Graph is the services of a file, and what they have to do with each other.
type Graph struct {
	Services []Service     `json:"services"` // by wave, and in the order of the file
	Edges    []config.Edge `json:"edges"`
}

// Service is a node.
type Service struct {
	Name  string `json:"name"`
	Type  string `json:"type"`
	Wave  int    `json:"wave"` // from 1: it can start when those of earlier waves that it needs have
	State string `json:"state,omitempty"`
}

// New returns the graph of a file. states has a word for each service of which one is known; nil
// for none.
func New(file *config.File, states map[string]string) *Graph {
	g := &Graph{Edges: file.Edges()}
	before := make(map[string][]string, len(file.Services))
	for _, e := range g.Edges {
		before[e.Service] = append(before[e.Service], e.To)
	}
	waves := make(map[string]int, len(file.Services))
	for i := range file.Services {
		s := &file.Services[i]
		g.Services = append(g.Services, Service{Name: s.Name, Type: s.Type.String(), Wave: wave(s.Name, before, waves), State: states[s.Name]})
	}
	slices.SortStableFunc(g.Services, func(a, b Service) int { return a.Wave - b.Wave })
	return g
}

// wave is one more than the latest of those that come before. A valid file has no circle.
func wave(name string, before map[string][]string, known map[string]int) int {
	if n := known[name]; n > 0 {
		return n
	}
	n := 1
	for _, other := range before[name] {
		n = max(n, 1+wave(other, before, known))
	}
	known[name] = n
	return n
}

// JSON returns the graph as JSON, with a final line feed.
func (g *Graph) JSON() []byte {
	text, _ := json.MarshalIndent(g, "", "  ") // never fails
	return append(text, '\n')
}

// Text returns a table in the order in which the services can start.
func (g *Graph) Text() []byte {
	rows := [][]string{{"WAVE", "SERVICE", "TYPE"}}
	states := slices.ContainsFunc(g.Services, func(s Service) bool { return s.State != "" })
	if states {
		rows[0] = append(rows[0], "STATE")
	}
	rows[0] = append(rows[0], "CONDITIONS")
	for _, s := range g.Services {
		row := []string{strconv.Itoa(s.Wave), s.Name, s.Type}
		if states {
			row = append(row, or(s.State, "-"))
		}
		rows = append(rows, append(row, or(g.conditions(s.Name), "-")))
	}
	return table(rows)
}

// conditions are those of a service in words.
func (g *Graph) conditions(name string) string {
	var texts []string
	for _, e := range g.Edges {
		if e.Service != name {
			continue
		}
		texts = append(texts, e.Kind+" "+e.To+details(e))
	}
	return strings.Join(texts, ", ")
}

// details is what is said of a condition beyond its kind, if it is not the default.
func details(e config.Edge) string {
	var texts []string
	if e.Until != config.UntilReady {
		texts = append(texts, "until "+e.Until.String())
	}
	if e.OnLoss != config.KeepIt {
		texts = append(texts, "on loss "+e.OnLoss.String())
	}
	if texts == nil {
		return ""
	}
	return " (" + strings.Join(texts, ", ") + ")"
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

func table(rows [][]string) []byte {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], len(cell))
		}
	}
	var b strings.Builder
	for _, row := range rows {
		for i, cell := range row {
			b.WriteString(cell)
			if i < len(row)-1 {
				b.WriteString(strings.Repeat(" ", widths[i]-len(cell)+2))
			}
		}
		b.WriteByte('\n')
	}
	return []byte(b.String())
}

// Dot returns the graph in the language of Graphviz. An edge leads to what starts first.
func (g *Graph) Dot() []byte {
	var b strings.Builder
	b.WriteString("digraph services {\n  rankdir = LR\n  node [shape = box, fontname = \"sans-serif\"]\n")
	for _, s := range g.Services {
		label := s.Name
		if s.State != "" {
			label += "\n" + s.State
		}
		b.WriteString("  " + strconv.Quote(s.Name) + " [label = " + strconv.Quote(label) + shape(s) + "]\n")
	}
	for _, e := range g.Edges {
		b.WriteString("  " + strconv.Quote(e.Service) + " -> " + strconv.Quote(e.To) +
			" [label = " + strconv.Quote(e.Kind+details(e)) + ", style = " + lines[e.Kind].dot + "]\n")
	}
	b.WriteString("}\n")
	return []byte(b.String())
}

// shape rounds the corners of what does its work once.
func shape(s Service) string {
	if s.Type == config.Once.String() {
		return ", style = rounded"
	}
	return ""
}

// lines are how edges are drawn, by kind.
var lines = map[string]struct{ dot, dashes string }{
	"requires":  {"bold", ""},
	"milestone": {"solid", ""},
	"wants":     {"dashed", "6 4"},
	"after":     {"dotted", "2 3"},
}
