// Package json reads and writes JSON where encoding/json is not initialised yet: in what
// runs before the rest of the program, see package first.
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
// It writes what encoding/json does without its escapes for HTML. It reads what this
// program writes; of the rest of JSON, numbers with a fraction and the like, it reports
// that it cannot, so that the caller takes the usual way.
package json
