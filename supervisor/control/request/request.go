package request

import (
	"time"

	"supervise/config"
	"supervise/signals"
)

// Request is one of the types below; a pointer to it is none.
type Request interface {
	// Verb is the request's name, in JSON and on lines.
	Verb() string
	// validate returns what makes the request senseless whatever runs, as a [*Failure]
	// with the code [Usage].
	validate() error
	// names are the services that the request names.
	names() []string
}

// Names returns the services that a request names, in the order in which it does.
func Names(r Request) []string { return r.names() }

// Target says which services are meant: some by their names, or all.
type Target struct {
	Services []string `json:"services,omitempty"`
	All      bool     `json:"all,omitempty"`
}

// The requests that only ask.
type (
	// Ping asks whether anybody is there; the answer has Supervisor.
	Ping struct{}

	// Status asks for the state of these services, or of all when none is named. The
	// answer has Services.
	Status struct {
		Services []string `json:"services,omitempty"`
	}

	// Wait waits until a service is as For says. The answer has Services.
	Wait struct {
		Service string        `json:"service"`
		For     Condition     `json:"for"`
		Timeout time.Duration `json:"timeout,omitempty"` // nanoseconds; 0 is for ever
	}

	// Events asks for the last Limit events, 0 being all that are kept, and with Follow
	// for all that come: one answer with Events after the other.
	Events struct {
		Services []string `json:"services,omitempty"` // none: of all
		Limit    int      `json:"limit,omitempty"`
		Follow   bool     `json:"follow,omitempty"`
	}

	// Why asks for the events that led to the present state of a service, the first
	// cause first. The answer has Events, and as Lines the last lines that its last main
	// process wrote before its end.
	Why struct {
		Service string `json:"service"`
	}

	// Logs asks for the last Lines lines of each of these services, or of all when none is
	// named, in the order of their times, and with Follow for all that come: one answer with
	// Lines after the other.
	Logs struct {
		Service  string   `json:"service,omitempty"`
		Services []string `json:"services,omitempty"` // others
		Lines    int      `json:"lines,omitempty"`
		Follow   bool     `json:"follow,omitempty"`
	}
)

// The requests that change something. Await has the answer wait for the outcome and tell
// of what happens on the way, one answer with Events after the other, the last one with
// Outcomes; without it the answer says that the request was accepted.
type (
	// Start wants services up. Once leaves them down when they end by themselves.
	Start struct {
		Target
		Once  bool `json:"once,omitempty"`
		Await bool `json:"await,omitempty"`
	}

	// Stop wants them down, by their ladders.
	Stop struct {
		Target
		Await bool `json:"await,omitempty"`
	}

	// Restart stops and starts them.
	Restart struct {
		Target
		Await bool `json:"await,omitempty"`
	}

	// Reload has them read their own configuration again.
	Reload struct {
		Target
		Await bool `json:"await,omitempty"`
	}

	// Pause stops their processes where they are (SIGSTOP).
	Pause struct{ Target }

	// Continue has them go on (SIGCONT).
	Continue struct{ Target }

	// Signal sends a signal to a service, queued when it has a Value.
	Signal struct {
		Service string         `json:"service"`
		Signal  signals.Signal `json:"signal"`
		Value   *int64         `json:"value,omitempty"` // sigval, all 64 bits
		Scope   config.Scope   `json:"scope"`
	}

	// Reopen opens their log files anew, if they were moved away. The answer has Outcomes.
	Reopen struct{ Target }

	// Update puts a configuration file in force, "" being the present one's path, or only
	// says what that would change. The answer has Plan.
	Update struct {
		File   string `json:"file,omitempty"`  // absolute
		Await  bool   `json:"await,omitempty"` // the last answer has the outcomes of what is started and restarted
		DryRun bool   `json:"dry_run,omitempty"`
	}

	// Shutdown stops everything for good; Now does so with SIGKILL.
	Shutdown struct {
		Now bool `json:"now,omitempty"`
	}
)

// Condition is what [Wait] waits for.
type Condition string

// The conditions.
const (
	Up    Condition = "up"    // its main process runs
	Ready Condition = "ready" // and has said that it is ready
	Down  Condition = "down"  // nothing of it is left
)

// Verb is "ping".
func (Ping) Verb() string { return "ping" }

// Verb is "status".
func (Status) Verb() string { return "status" }

// Verb is "wait".
func (Wait) Verb() string { return "wait" }

// Verb is "events".
func (Events) Verb() string { return "events" }

// Verb is "why".
func (Why) Verb() string { return "why" }

// Verb is "logs".
func (Logs) Verb() string { return "logs" }

// Verb is "start".
func (Start) Verb() string { return "start" }

// Verb is "stop".
func (Stop) Verb() string { return "stop" }

// Verb is "restart".
func (Restart) Verb() string { return "restart" }

// Verb is "reload".
func (Reload) Verb() string { return "reload" }

// Verb is "pause".
func (Pause) Verb() string { return "pause" }

// Verb is "continue".
func (Continue) Verb() string { return "continue" }

// Verb is "signal".
func (Signal) Verb() string { return "signal" }

// Verb is "reopen".
func (Reopen) Verb() string { return "reopen" }

// Verb is "update".
func (Update) Verb() string { return "update" }

// Verb is "shutdown".
func (Shutdown) Verb() string { return "shutdown" }
