package report

import (
	"fmt"
	"time"

	"supervise/internal/bench/stats"
)

// Report is one run.
type Report struct {
	Machine Machine `json:"machine"`
	Tables  []Table `json:"tables"`
}

// Machine describes the machine, without naming it.
type Machine struct {
	Date    time.Time `json:"date"`
	Kernel  string    `json:"kernel"`
	CPU     string    `json:"cpu"`
	Cores   int       `json:"cores"`
	Go      string    `json:"go"`
	Root    bool      `json:"root"`
	Rounds  int       `json:"rounds"`
	Seconds float64   `json:"seconds"` // that the run took

	// Noise, before and after: the share of a spinning thread's time that it did not
	// have, and the longest time at a stretch.
	NoisePercent  [2]float64 `json:"noise_percent"`
	LongestPauses [2]float64 `json:"longest_pauses_ms"`
}

// Table is one comparison.
type Table struct {
	Name    string   `json:"name"` // as --only takes it
	Title   string   `json:"title"`
	Goals   []Goal   `json:"goals,omitempty"`
	Columns []Column `json:"columns"`
	Rows    []Row    `json:"rows"`
	Notes   []string `json:"notes,omitempty"`
	Skipped string   `json:"skipped,omitempty"` // why nothing was measured
}

// Column is a heading. The key finds the cells in a row.
type Column struct {
	Key   string `json:"key"`
	Title string `json:"title"`
}

// Row is one contestant.
type Row struct {
	Name    string          `json:"name"`
	Cells   map[string]Cell `json:"cells,omitempty"`
	Skipped string          `json:"skipped,omitempty"`
}

// Cell is one result.
type Cell struct {
	Text    string         `json:"text"`
	Value   *float64       `json:"value,omitempty"`
	Samples *stats.Summary `json:"samples,omitempty"`
}

// Goal is a goal of the project, and its result.
type Goal struct {
	Text     string `json:"text"`
	Measured string `json:"measured,omitempty"` // "" when it was not
	Met      bool   `json:"met"`
}

// String returns the result of the goal.
func (g Goal) String() string {
	switch {
	case g.Measured == "":
		return g.Text + ": not measured"
	case g.Met:
		return g.Text + ": met, " + g.Measured
	}
	return g.Text + ": MISSED, " + g.Measured
}

// Text is a cell without a number.
func Text(text string) Cell { return Cell{Text: text} }

// Number is a cell with a number and a fixed count of digits after the point.
func Number(value float64, digits int) Cell {
	return Cell{Text: fmt.Sprintf("%.*f", digits, value), Value: &value}
}

// Ratio is a cell like "1.07x"; 0, which no ratio is, is an empty one.
func Ratio(value float64) Cell {
	if value == 0 {
		return Text("")
	}
	return Cell{Text: fmt.Sprintf("%.2fx", value), Value: &value}
}

// Median is a cell with the median of samples, and all the rest of their summary behind it.
func Median(s stats.Summary, digits int) Cell {
	c := Number(s.Median, digits)
	c.Samples = &s
	return c
}

// Spread is a cell like "1.70-1.91": the quartiles.
func Spread(s stats.Summary, digits int) Cell {
	return Text(fmt.Sprintf("%.*f-%.*f", digits, s.P25, digits, s.P75))
}
