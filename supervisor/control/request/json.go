package request

import (
	"bytes"
	"encoding/json"
	"errors"
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

// Unmarshal reads what [Marshal] writes, and whatever else JSON allows for it. Members
// that it does not know are left alone. An error is a [*Failure] with the code [Usage].
func Unmarshal(text []byte) (Request, error) {
	verb, err := verbOf(text)
	if err != nil {
		return nil, notJSON(err)
	}
	read, ok := readers[verb]
	if !ok {
		return nil, usage("unknown verb " + excerpt(verb))
	}
	r, err := read(text)
	if err != nil {
		return nil, notJSON(err)
	}
	if err := r.validate(); err != nil {
		return nil, err
	}
	return r, nil
}

// verbOf finds the verb. Where [Marshal] puts it the whole need not be read for it.
func verbOf(text []byte) (string, error) {
	if rest, ok := bytes.CutPrefix(text, []byte(`{"verb":"`)); ok {
		verb, _, _ := bytes.Cut(rest, []byte{'"'})
		if _, known := readers[string(verb)]; known {
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

var readers = map[string]func([]byte) (Request, error){
	"ping": read[Ping], "status": read[Status], "wait": read[Wait], "events": read[Events],
	"why": read[Why], "logs": read[Logs], "start": read[Start], "stop": read[Stop],
	"restart": read[Restart], "reload": read[Reload], "pause": read[Pause],
	"continue": read[Continue], "signal": read[Signal], "update": read[Update],
	"shutdown": read[Shutdown],
}

func read[R Request](text []byte) (Request, error) {
	var r R
	err := json.Unmarshal(text, &r)
	return r, err
}
