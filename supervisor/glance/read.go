package glance

import (
	"supervise/internal/text/json"
	"supervise/supervisor/control/table"
)

// read reads the answer, a Reply of package request. ok is false when it is more, or less,
// than services.
func read(answer string) (services []table.Service, ok bool) {
	r := json.NewReader(answer)
	for name := range r.Members() {
		switch name {
		case "services":
			for range r.Elements() {
				services = append(services, service(r))
			}
		case "supervisor":
			r.Skip()
		default:
			return nil, false
		}
	}
	return services, r.OK()
}

// service reads a Service of package request.
func service(r *json.Reader) (s table.Service) {
	for name := range r.Members() {
		switch name {
		case "name":
			s.Name = r.String()
		case "state":
			s.State = r.String()
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
		case "next_restart":
			s.NextRestart = r.Time()
		case "rung":
			s.Rung = int(r.Int())
		case "rungs":
			s.Rungs = int(r.Int())
		case "held":
			s.Held = int(r.Int())
		case "sigq":
			s.SigQUsed, s.SigQLimit = sigq(r)
		case "exit":
			s.Exit = exit(r)
		default:
			r.Skip()
		}
	}
	return s
}

func sigq(r *json.Reader) (used, limit uint64) {
	for name := range r.Members() {
		switch name {
		case "used":
			used = r.Uint()
		case "limit":
			limit = r.Uint()
		default:
			r.Skip()
		}
	}
	return used, limit
}

// exit returns the words of an Exit, "" for null.
func exit(r *json.Reader) (text string) {
	if r.Null() {
		return ""
	}
	for name := range r.Members() {
		if name == "text" {
			text = r.String()
		} else {
			r.Skip()
		}
	}
	return text
}
