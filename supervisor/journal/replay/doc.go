// Package replay feeds the events of a recorded journal to the machine of this version, at
// the times at which they came, and compares what it decides with what was decided then.
//
//	var r replay.Replay
//	for record, err := range disk.Read(path) {
//	    decision, err := r.Feed(record, err)
//	    switch {
//	    case err != nil:             // what it says cannot be replayed; go on
//	    case decision == nil:        // it was not a step
//	    case !decision.Same():       // the machine has been changed
//	    }
//	}
//
// The machine has no clock and no other randomness than its seed, so that the same events at
// the same times lead to the same actions. It is made from the header with which a journal
// begins. After records that were lost there is another header: what stands before that one
// cannot be replayed.
//
// The package reads no files and prints nothing.
package replay
