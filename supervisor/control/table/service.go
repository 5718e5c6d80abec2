package table

import "strconv"

// Service is what a row says. Package request has what the members mean.
type Service struct {
	Name, State, Wanted string
	PID                 int
	Ready               bool
	Since               int64
	Restarts            int
	NextRestart         int64
	Rung, Rungs         int
	SigQUsed, SigQLimit uint64 // a limit of 0: it is not known
	Held                int
	Exit                string // in words, "" when there was none
}

// Rows makes the rows of services, a head first.
func Rows(services []Service, now int64) [][]Cell {
	rows := make([][]Cell, 0, 1+len(services))
	rows = append(rows, []Cell{
		{Text: "NAME"},
		{Text: "STATE"},
		{Text: "WANTED"},
		{Text: "PID"},
		{Text: "SINCE"},
		{Text: "READY"},
		{Text: "RESTARTS"},
		{Text: "NEXT"},
		{Text: "SIGQ"},
		{Text: "HELD"},
		{Text: "LAST EXIT"},
	})
	for i := range services {
		rows = append(rows, services[i].row(now))
	}
	return rows
}

func (s *Service) row(now int64) []Cell {
	next, queue := nothing, nothing
	if s.NextRestart != 0 {
		next = "in " + Short(s.NextRestart-now)
	}
	if s.SigQLimit != 0 {
		queue = strconv.FormatUint(s.SigQUsed, 10) + "/" + strconv.FormatUint(s.SigQLimit, 10)
	}
	return []Cell{
		{Text: s.Name},
		{Text: State(s.State, s.Rung, s.Rungs), Color: color(s.State)},
		{Text: s.Wanted},
		{Text: number(s.PID)},
		{Text: ago(s.Since, now)},
		{Text: yes(s.Ready)},
		{Text: strconv.Itoa(s.Restarts)},
		{Text: next},
		{Text: queue},
		{Text: number(s.Held)},
		{Text: known(s.Exit)},
	}
}

// State is the state, with the rung of its ladder while a service is being stopped.
func State(state string, rung, rungs int) string {
	if rung == 0 {
		return state
	}
	return state + " " + strconv.Itoa(rung) + "/" + strconv.Itoa(rungs)
}

// color is green for what is well, yellow for what passes, red for what does not.
func color(state string) string {
	switch state {
	case "running":
		return "32"
	case "paused", "starting", "stopping", "clearing", "backoff":
		return "33"
	case "failed":
		return "31"
	}
	return ""
}

// nothing stands where there is nothing to say.
const nothing = "-"

func number(n int) string {
	if n == 0 {
		return nothing
	}
	return strconv.Itoa(n)
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func ago(t, now int64) string {
	if t == 0 {
		return nothing
	}
	return Short(now - t)
}

func known(text string) string {
	if text == "" {
		return nothing
	}
	return text
}
