package request

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"slices"

	"supervise/internal/text/escape"
	early "supervise/internal/text/json"
	"supervise/supervisor/status"
)

// Marshal writes a request as JSON: an object, its first member the verb.
func Marshal(r Request) ([]byte, error) {
	fields, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	text := append([]byte(`{"verb":"`), r.Verb()...)
	text = append(text, '"')
	if len(fields) > len("{}") {
		text = append(text, ',')
	}
	return append(text, fields[1:]...), nil
}

// MarshalReply writes a reply as JSON. Services, of which there may be many, are left to
// themselves: encoding/json would read again what they have written.
func MarshalReply(r *Reply) ([]byte, error) {
	rest := *r
	rest.Services = nil
	text, err := json.Marshal(rest)
	if err != nil || len(r.Services) == 0 {
		return text, err
	}
	text = slices.Grow(text, len(r.Services)*serviceSize)
	if text = text[:len(text)-1]; len(text) > len("{") {
		text = append(text, ',')
	}
	return append(status.AppendJSONList(append(text, `"services":`...), r.Services), '}'), nil
}

// serviceSize is about how long the JSON of a service is.
const serviceSize = 400

// Unmarshal reads what [Marshal] writes, and whatever else JSON allows for it. Members
// that it does not know are left alone. An error is a [*Failure] with the code [Usage].
func Unmarshal(text []byte) (Request, error) {
	verb, err := verbOf(text)
	if err != nil {
		return nil, notJSON(err)
	}
	known, ok := verbs[verb]
	if !ok {
		return nil, usage("unknown verb " + excerpt(verb))
	}
	r, ok := plain(verb, string(text))
	if !ok {
		if r, err = known.read(text); err != nil {
			return nil, notJSON(err)
		}
	}
	if err := r.validate(); err != nil {
		return nil, err
	}
	return r, nil
}

// plain reads the requests that scripts make again and again, in which nothing is unusual. For
// each encoding/json takes as long as finding out who asks. Where ok is false it is to read them.
func plain(verb, text string) (request Request, ok bool) {
	if !escape.Plain(text) {
		return nil, false
	}
	var target Target
	var await, once bool
	r := early.Over(text)
	for r.Begin('{'); r.More('}'); {
		switch r.Name() {
		case "verb":
			r.Plain()
		case "services":
			target.Services = nil
			for r.Begin('['); r.More(']'); {
				target.Services = append(target.Services, r.Plain())
			}
		case "await":
			await = r.Bool()
		case "once":
			once = r.Bool()
		default:
			r.Fail()
		}
	}
	switch verb {
	case "ping":
		request = Ping{}
	case "status":
		request = Status{Services: target.Services}
	case "start":
		request = Start{Target: target, Once: once, Await: await}
	case "stop":
		request = Stop{Target: target, Await: await}
	case "restart":
		request = Restart{Target: target, Await: await}
	case "reload":
		request = Reload{Target: target, Await: await}
	case "pause":
		request = Pause{target}
	case "continue":
		request = Continue{target}
	}
	return request, request != nil && r.End()
}

// verbOf finds the verb. Where [Marshal] puts it the whole need not be read for it.
func verbOf(text []byte) (string, error) {
	if rest, ok := bytes.CutPrefix(text, []byte(`{"verb":"`)); ok {
		verb, _, _ := bytes.Cut(rest, []byte{'"'})
		if _, known := verbs[string(verb)]; known {
			return string(verb), nil
		}
	}
	var head struct {
		Verb string `json:"verb"`
	}
	err := json.Unmarshal(text, &head)
	return head.Verb, err
}

func notJSON(err error) error {
	var failure *Failure
	if errors.As(err, &failure) {
		return err
	}
	return usage("not a request: " + err.Error())
}

// verbs are all that can be asked for. What is not here is unknown to everybody.
var verbs = map[string]struct {
	read func([]byte) (Request, error)
	asks bool // it changes nothing, and is of no use without an answer
}{
	"ping": {read[Ping], true}, "status": {read[Status], true}, "wait": {read[Wait], true},
	"events": {read[Events], true}, "why": {read[Why], true}, "logs": {read[Logs], true},
	"start": {read[Start], false}, "stop": {read[Stop], false}, "restart": {read[Restart], false},
	"reload": {read[Reload], false}, "pause": {read[Pause], false}, "continue": {read[Continue], false},
	"signal": {read[Signal], false}, "update": {read[Update], false}, "reopen": {read[Reopen], false}, "shutdown": {read[Shutdown], false},
}

// Verbs returns the verbs of all requests, in order.
func Verbs() []string { return slices.Sorted(maps.Keys(verbs)) }

// Changes reports whether a request may change something, so that it matters who makes it.
func Changes(r Request) bool { return !verbs[r.Verb()].asks }

func read[R Request](text []byte) (Request, error) {
	var r R
	err := json.Unmarshal(text, &r)
	return r, err
}
