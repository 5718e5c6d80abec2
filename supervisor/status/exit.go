package status

import (
	"supervise/internal/text"
	"supervise/internal/text/json"
	"supervise/signals"
)

// Exit is how a main process ended.
type Exit struct {
	signals.Exit
	Time  int64
	By    Process // the sender of the signal that killed it; the zero Process if it is not known for certain
	Cause string  // the sender in words, as far as it is known: "perhaps from pid 812 (bash, uid 0)"; "" without a signal
	Crash Crash   // what is known of its core, if that was collected
	Lines string  // the last ones that it wrote, with line feeds between them; "" for none, or until they are read
}

// Crash is what is known of the core of a process.
type Crash struct {
	ID       string // in the store
	Signal   string
	Code     string // "SEGV_MAPERR"
	Address  string // of a fault, "0x10"
	Function string // in which it crashed
	State    string // of the core: "taking", "complete", "truncated", "mini" or "refused"
}

// Process is a process, or the kernel's OOM killer, which has only a name.
type Process struct {
	PID  int    `json:"pid"`
	UID  int    `json:"uid"`
	Name string `json:"name,omitempty"`
}

// String says how it ended, and by whom: "killed by SIGKILL, from pid 812 (bash, uid 0)".
func (e Exit) String() string {
	if e.Cause == "" {
		return e.Exit.String()
	}
	return e.Exit.String() + ", " + e.Cause
}

// addBrief adds it in a few words: "code 3", "SIGKILL by bash", "SIGSEGV, core".
func (e *Exit) addBrief(b *text.Buffer) {
	if e.Signal == 0 {
		b.Add("code ")
		b.AddInt(int64(e.Code))
		return
	}
	e.Signal.AddTo(b)
	if e.Core {
		b.Add(", core")
	}
	switch {
	case e.By.Name != "":
		b.Add(" by ")
		b.Add(e.By.Name)
	case e.By.PID != 0:
		b.Add(" by pid ")
		b.AddInt(int64(e.By.PID))
	}
}

func (e *Exit) writeJSON(w *json.Writer) {
	w.Open()
	w.Member("code").Int(int64(e.Code))
	if e.Signal != 0 {
		w.Member("signal").String(e.Signal.String())
	}
	switch {
	case e.Crash != (Crash{}):
		w.Member("core")
		e.Crash.writeJSON(w)
	case e.Core:
		w.Member("core").Bool(true)
	}
	if e.Time != 0 {
		w.Member("time").Time(e.Time)
	}
	if e.By != (Process{}) {
		w.Member("by")
		e.By.writeJSON(w)
	}
	w.Member("text").String(e.String())
	if e.Lines != "" {
		w.Member("lines").Strings(text.Split(e.Lines, '\n'))
	}
	w.Close()
}

func (e *Exit) readJSON(r *json.Reader) {
	words := ""
	for name := range r.Members() {
		switch name {
		case "code":
			e.Code = int(r.Int())
		case "signal":
			if e.Signal.UnmarshalText([]byte(r.String())) != nil {
				r.Fail()
			}
		case "core":
			if e.Core = true; r.IsObject() {
				e.Crash.readJSON(r)
			} else {
				e.Core = r.Bool()
			}
		case "time":
			e.Time = r.Time()
		case "by":
			e.By.readJSON(r)
		case "text":
			words = r.String()
		case "lines":
			for i := range r.Elements() {
				if i > 0 {
					e.Lines += "\n"
				}
				e.Lines += r.String()
			}
		default:
			r.Skip()
		}
	}
	if cause, found := text.CutPrefix(words, e.Exit.String()+", "); found {
		e.Cause = cause
	} else if words != e.Exit.String() {
		e.Cause = words // of another version, which words it differently
	}
}

func (c *Crash) writeJSON(w *json.Writer) {
	w.Open()
	for _, m := range c.members() {
		if *m.text != "" {
			w.Member(m.name).String(*m.text)
		}
	}
	w.Close()
}

func (c *Crash) readJSON(r *json.Reader) {
	for name := range r.Members() {
		known := false
		for _, m := range c.members() {
			if m.name == name {
				*m.text, known = r.String(), true
			}
		}
		if !known {
			r.Skip()
		}
	}
}

// member is one of an object's, a text.
type member struct {
	name string
	text *string
}

func (c *Crash) members() [6]member {
	return [...]member{
		{"id", &c.ID},
		{"signal", &c.Signal},
		{"code", &c.Code},
		{"address", &c.Address},
		{"function", &c.Function},
		{"state", &c.State},
	}
}

func (p *Process) writeJSON(w *json.Writer) {
	w.Open()
	w.Member("pid").Int(int64(p.PID))
	w.Member("uid").Int(int64(p.UID))
	if p.Name != "" {
		w.Member("name").String(p.Name)
	}
	w.Close()
}

func (p *Process) readJSON(r *json.Reader) {
	for name := range r.Members() {
		switch name {
		case "pid":
			p.PID = int(r.Int())
		case "uid":
			p.UID = int(r.Int())
		case "name":
			p.Name = r.String()
		default:
			r.Skip()
		}
	}
}
