// Package replay feeds the events of a recorded journal to the machine of this version, with
// their times, and compares its decisions with those that were recorded.
//
//	var r replay.Replay
//	for record, err := range disk.Read(path) {
//	    decision, err := r.Feed(record, err)
//	    switch {
//	    case err != nil:             // something cannot be replayed; go on
//	    case decision == nil:        // the record was not a step
//	    case !decision.Same():       // this machine decides otherwise
//	    }
//	}
//
// The machine has no clock, and no randomness but its seed, so the same events at the same
// times lead to the same actions. It is made from the header with which a journal begins.
// After lost records there is another header: the steps in between cannot be replayed.
//
// The package reads no files and prints nothing.
package replay
