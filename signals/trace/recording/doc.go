// Package recording keeps a trace of signals in a file, and reads it again.
//
//	w, err := recording.NewWriter(file)      // a trace.Sink, for the tracer
//	err = recording.Read(file, sink, recording.Options{})
//
// A recording is one object of JSON per line, compressed by Zstandard (RFC 8878); `zstd -dc
// FILE` shows it. The first line is the [trace.Header], with the key "recording", whose value
// is the version of the format. Each other line has one key, that says what it is: "life",
// "waiting" (a life that is not over), "event", "counts". Their values are those of `supervise
// trace --format json`. A reader passes over keys that it does not know, on the line and in
// the values, so that the version only changes when old readers would be wrong.
//
// It is only appended to. When the tracer has nothing to do, and at least each 64 KiB, what there
// is is compressed to whole blocks and written by one write(2). So a tracer that is killed
// loses what came in the tenth of a second before, and a file that ends anywhere can be read
// up to its last whole line: the counts then say that it was cut. Blocks refer to what
// was written before them, which makes a line of 400 bytes take about 30, and means that
// damage in the middle hides the rest: it is an error, after what is before it was handed over.
//
// Neither side needs memory for more than a window of 256 KiB and a line.
package recording
