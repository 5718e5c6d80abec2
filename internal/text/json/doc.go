// Package json reads and writes JSON before encoding/json is initialised. It is early: see
// cmd/supervise/preinit.
//
//	w := json.NewWriter(nil)
//	w.Open()
//	w.Member("name").String("web")
//	w.Close()                                // {"name":"web"}
//
//	r := json.NewReader(text)
//	for member := range r.Members() {
//		switch member {
//		case "name":
//			name = r.String()
//		default:
//			r.Skip()
//		}
//	}
//	ok := r.OK()
//
// Without allocation, as package nucleus needs it, an object is read by
//
//	for r.Begin('{'); r.More('}'); {
//		switch r.Name() {
//
// It writes what encoding/json does without its escapes for HTML. It reads what this
// program writes. Anything else in JSON, such as numbers with a fraction, makes it fail, so
// that the caller falls back to the full command.
package json
