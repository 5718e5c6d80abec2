//go:build !slim

package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"supervise/supervisor/control/request"
)

// short writes a duration in at most six letters: 0.4s, 12s, 3m12s, 2h05m, 4d03h.
func short(d time.Duration) string {
	d = max(d, 0)
	switch {
	case d < 10*time.Second:
		return strconv.FormatFloat(d.Truncate(100*time.Millisecond).Seconds(), 'f', 1, 64) + "s"
	case d < time.Minute:
		return strconv.Itoa(int(d/time.Second)) + "s"
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", d/time.Minute, d%time.Minute/time.Second)
	case d < 24*time.Hour:
		return fmt.Sprintf("%dh%02dm", d/time.Hour, d%time.Hour/time.Minute)
	}
	return fmt.Sprintf("%dd%02dh", d/(24*time.Hour), d%(24*time.Hour)/time.Hour)
}

// clock writes a time for people.
func clock(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.Local().Format("2006-01-02 15:04:05.000")
}

// brief says how a service stands: web is running, pid 812, ready.
func brief(s *request.Service) string {
	text := s.Name + " is " + stateText(s)
	if s.PID != 0 {
		text += ", pid " + strconv.Itoa(s.PID)
	}
	if s.Ready {
		text += ", ready"
	}
	if s.PID == 0 && s.Exit != nil {
		text += ", last exit: " + s.Exit.Text
	}
	return text
}

// stateText is the state, with the rung of its ladder while a service is being stopped.
func stateText(s *request.Service) string {
	if s.Rung == 0 {
		return s.State
	}
	return fmt.Sprintf("%s %d/%d", s.State, s.Rung, s.Rungs)
}

// cell is one field of a table: what to print, and how to colour it.
type cell struct {
	text  string
	color string // an SGR parameter, "" for none
}

// printTable prints rows in columns as wide as they need to be. The last column is not
// padded.
func printTable(w io.Writer, rows [][]cell, colors bool) error {
	var widths []int
	for _, row := range rows {
		for i, c := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(c.text))
		}
	}
	var out strings.Builder
	for _, row := range rows {
		for i, c := range row {
			if colors && c.color != "" {
				out.WriteString("\x1b[" + c.color + "m" + c.text + "\x1b[0m")
			} else {
				out.WriteString(c.text)
			}
			if i < len(row)-1 {
				out.WriteString(strings.Repeat(" ", widths[i]-utf8.RuneCountInString(c.text)+2))
			}
		}
		out.WriteByte('\n')
	}
	_, err := io.WriteString(w, out.String())
	return err
}
