// Package json reads JSON before encoding/json is initialised. It is early: see
// cmd/supervise/first.
//
//	r := json.NewReader(text)
//	for name := range r.Members() {
//	switch name {
//	case "pid":
//	pid = int(r.Int())
//	default:
//	r.Skip()
//	}
//	}
//	if !r.OK() { ... }
//
// It reads what this program writes. Anything else in JSON makes it fail, which is no error:
// the caller then falls back to the full command.
package json
