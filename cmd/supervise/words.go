//go:build !slim

package main

import (
	"strconv"
	"time"

	"supervise/internal/text/escape"
	"supervise/supervisor/status"
)

// short formats a duration as in a table: 0.4s, 12s, 3m12s, 2h05m, 4d03h.
func short(d time.Duration) string { return status.Short(int64(d)) }

// clock formats a time for people.
func clock(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.Local().Format("2006-01-02 15:04:05.000")
}

// brief describes a service: web is running, pid 812, ready.
func brief(s *status.Service) string {
	text := s.Name + " is " + s.StateText()
	if s.PID != 0 {
		text += ", pid " + strconv.Itoa(s.PID)
	}
	if s.Ready {
		text += ", ready"
	}
	if s.Awaits != "" {
		text += ", waits for " + s.Awaits
	}
	switch {
	case s.PID != 0:
	case s.Unstarted.Obstacle != status.NoObstacle:
		text += ", " + s.Unstarted.String()
	case s.Exited:
		text += ", last exit: " + s.ExitText()
	}
	return escape.Line(text)
}
