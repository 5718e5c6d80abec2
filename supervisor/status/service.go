package status

import (
	"errors"

	"supervise/internal/sys"
	"supervise/internal/text"
	"supervise/internal/text/json"
)

// Running is the state of a service whose main process runs, as machine.State has it.
const Running = "running"

// The values of Wanted, those of machine.Wanted.
const (
	Up     = "up"
	Down   = "down"
	Absent = "absent" // removed by an update, once it is down
)

// Service is the state of one service. The zero value is none.
type Service struct {
	Name   string
	State  string // of machine.State: the state of a paused service is "running"
	Wanted string // Up, Down or Absent
	PID    int    // of the main process, 0 for none
	Ready  bool   // it can do its work
	Paused bool   // its main process is stopped by a signal
	Since  int64  // when State began

	Restarts    int    // by policy and after failed starts, since the supervisor began
	NextRestart int64  // 0 unless it waits for one
	Awaits      string // whom it waits for before it starts, or before it is stopped: names, and what is the matter with them; "" for nobody
	Rung, Rungs int    // of the stop ladder, from 1; 0 unless it is being stopped; Rungs+1 is SIGKILL

	Exited bool // a main process has ended
	Exit   Exit // how the last one did

	Unstarted Unstarted // why the last start has failed, if it has

	SigQ SigQ // of the main process's user
	Held int  // signals that wait for it in the supervisor
}

// SigQ is how many signals are queued for the processes of a user, and how many may be:
// proc_pid_status(5). With a limit of 0 neither is known.
type SigQ struct{ Used, Limit uint64 }

// SetStopped sets Ready and Paused, given whether the main process, if there is one, is
// stopped by a signal. It is the only rule for both: services have no way yet to say that
// they are ready.
func (s *Service) SetStopped(stopped bool) {
	s.Paused = s.State == Running && stopped
	s.Ready = s.State == Running && !stopped
}

// Observe adds what /proc says about the process with the main process's pid. If that has
// ended, or is not a child of the supervisor, it changes nothing and returns false.
func (s *Service) Observe(process sys.SignalState, supervisor int) (ok bool) {
	if process.Ended || process.Parent != supervisor {
		return false
	}
	s.SigQ = SigQ{process.Queued, process.Limit}
	s.SetStopped(process.Stopped)
	return true
}

// DisplayState is the state as users see it: "paused" if the main process is stopped.
func (s *Service) DisplayState() string {
	if s.Paused {
		return paused
	}
	return s.State
}

const paused = "paused"

// StateText is DisplayState, with the rung of the ladder while a service is being stopped:
// "stopping 1/3", and "stopping SIGKILL" after the last one.
func (s *Service) StateText() string { return colState.text(s, 0) }

func (s *Service) addState(b *text.Buffer) {
	b.Add(s.DisplayState())
	switch {
	case s.Rung <= 0:
	case s.Rung > s.Rungs:
		b.Add(" SIGKILL")
	default:
		b.Add(" ")
		b.AddInt(int64(s.Rung))
		b.Add("/")
		b.AddInt(int64(s.Rungs))
	}
}

// ExitText is how the last main process ended, in words; "" if there was none.
func (s *Service) ExitText() string {
	if !s.Exited {
		return ""
	}
	return s.Exit.String()
}

// addExit adds that in as few words as a table has room for; why and JSON say all. After a
// failed start it is why that has failed.
func (s *Service) addExit(b *text.Buffer) {
	switch {
	case s.Unstarted.Obstacle != NoObstacle:
		b.Add(s.Unstarted.Obstacle.String())
	case s.Exited:
		s.Exit.addBrief(b)
	}
}

// MarshalJSON writes a service as docs/control.md has it.
func (s Service) MarshalJSON() ([]byte, error) { return s.AppendJSON(nil), nil }

// AppendJSON appends to a text what MarshalJSON returns.
func (s *Service) AppendJSON(text []byte) []byte {
	w := json.NewWriter(text)
	w.Open()
	w.Member("name").String(s.Name)
	w.Member("state").String(s.DisplayState())
	w.Member("wanted").String(s.Wanted)
	w.Member("pid").Int(int64(s.PID))
	w.Member("ready").Bool(s.Ready)
	w.Member("since").Time(s.Since)
	w.Member("restarts").Int(int64(s.Restarts))
	if w.Member("exit"); s.Exited {
		s.Exit.writeJSON(w)
	} else {
		w.Null()
	}
	if s.Unstarted.Obstacle != NoObstacle {
		w.Member("unstarted")
		s.Unstarted.writeJSON(w)
	}
	if s.NextRestart != 0 {
		w.Member("next_restart").Time(s.NextRestart)
	}
	if s.Awaits != "" {
		w.Member("waits_for").String(s.Awaits)
	}
	if s.Rung != 0 {
		w.Member("rung").Int(int64(s.Rung))
	}
	if s.Rungs != 0 {
		w.Member("rungs").Int(int64(s.Rungs))
	}
	if s.SigQ.Limit != 0 {
		w.Member("sigq").Open()
		w.Member("used").Uint(s.SigQ.Used)
		w.Member("limit").Uint(s.SigQ.Limit)
		w.Close()
	}
	if s.Held != 0 {
		w.Member("held").Int(int64(s.Held))
	}
	w.Close()
	return w.Text()
}

// AppendJSONList appends an array of services.
func AppendJSONList(text []byte, services []Service) []byte {
	text = append(text, '[')
	for i := range services {
		if i > 0 {
			text = append(text, ',')
		}
		text = services[i].AppendJSON(text)
	}
	return append(text, ']')
}

// UnmarshalJSON reads what MarshalJSON writes, in any order. Unknown members are ignored.
func (s *Service) UnmarshalJSON(text []byte) error {
	r := json.NewReader(string(text))
	if s.ReadJSON(r); !r.OK() {
		return errors.New("not the status of a service: " + string(text))
	}
	return nil
}

// ReadJSON reads a service from a reader, whose OK says whether it is one.
func (s *Service) ReadJSON(r *json.Reader) {
	for name := range r.Members() {
		switch name {
		case "name":
			s.Name = r.String()
		case "state":
			if s.State = r.String(); s.State == paused {
				s.State, s.Paused = Running, true
			}
		case "wanted":
			s.Wanted = r.String()
		case "pid":
			s.PID = int(r.Int())
		case "ready":
			s.Ready = r.Bool()
		case "since":
			s.Since = r.Time()
		case "restarts":
			s.Restarts = int(r.Int())
		case "exit":
			if s.Exited = !r.Null(); s.Exited {
				s.Exit.readJSON(r)
			}
		case "unstarted":
			s.Unstarted.readJSON(r)
		case "next_restart":
			s.NextRestart = r.Time()
		case "waits_for":
			s.Awaits = r.String()
		case "rung":
			s.Rung = int(r.Int())
		case "rungs":
			s.Rungs = int(r.Int())
		case "sigq":
			s.SigQ.readJSON(r)
		case "held":
			s.Held = int(r.Int())
		default:
			r.Skip()
		}
	}
}

func (q *SigQ) readJSON(r *json.Reader) {
	for name := range r.Members() {
		switch name {
		case "used":
			q.Used = r.Uint()
		case "limit":
			q.Limit = r.Uint()
		default:
			r.Skip()
		}
	}
}

// column is a column of the table. Where it has no text, the table has "-".
type column int

// The columns, in order. The width of the table is 80 where names are short.
const (
	colName column = iota
	colState
	colWanted
	colPID
	colSince
	colReady
	colRestarts
	colNext
	colAwaits
	colSigQ
	colHeld
	colExit
)

const numColumns = int(colExit) + 1

var heads = [numColumns]string{"NAME", "STATE", "WANTED", "PID", "SINCE", "READY", "RESTARTS", "NEXT", "WAITS FOR", "SIGQ", "HELD", "LAST EXIT"}

// optional reports whether a column is left out where no service has a text.
func (c column) optional() bool {
	return c == colNext || c == colAwaits || c == colSigQ || c == colHeld
}

// add adds the text of a service in a column. now is needed for durations.
func (c column) add(b *text.Buffer, s *Service, now int64) {
	switch c {
	case colName:
		b.Add(s.Name)
	case colState:
		s.addState(b)
	case colWanted:
		b.Add(s.Wanted)
	case colPID:
		addNumber(b, s.PID)
	case colSince:
		if s.Since != 0 {
			addShort(b, now-s.Since)
		}
	case colReady:
		b.Add(yes(s.Ready))
	case colRestarts:
		b.AddInt(int64(s.Restarts))
	case colNext:
		if s.NextRestart != 0 {
			addShort(b, s.NextRestart-now)
		}
	case colAwaits:
		b.Add(s.Awaits)
	case colSigQ:
		if s.SigQ.Used != 0 && s.SigQ.Limit != 0 {
			b.AddUint(s.SigQ.Used, 1)
			b.Add("/")
			b.AddUint(s.SigQ.Limit, 1)
		}
	case colHeld:
		addNumber(b, s.Held)
	case colExit:
		s.addExit(b)
	}
}
