package doctor

import (
	"supervise/coredump/collector"
)

// coreCollection says in which way cores would be collected, and why not in the best one.
func coreCollection(runtimeDir string) Finding {
	return collection(collector.Probe(collector.Options{Want: collector.Auto, Directory: runtimeDir}))
}

func collection(held collector.Held) Finding {
	f := Finding{Name: "core collection", Status: Note, Value: string(held.Way)}
	switch held.Way {
	case collector.Socket:
		f.Value = "@ socket"
		f.Meaning = "supervise takes cores from the kernel's socket; a service is started again before its core is complete"
		if held.Requests {
			f.Status, f.Value = Good, "@@ socket"
		}
	case collector.Pipe:
		f.Meaning = "the kernel starts a handler of supervise for each core; a service is started again before its core is complete"
	case collector.Files:
		f.Meaning = "with a table [core] supervise takes over the files that the kernel has written; a service waits for its core"
	case collector.Auto, collector.Off:
		f.Value = "none"
		f.Meaning = "supervise gets no cores"
	}
	if len(held.Better) > 0 {
		f.Meaning += ". No " + held.Better[0].Way + ": " + held.Better[0].Reason
	}
	return f
}
