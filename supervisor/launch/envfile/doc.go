// Package envfile reads environment files: lines of NAME=value, as systemd.exec(5) describes
// them under EnvironmentFile=.
//
//	file, err := envfile.Parse(text)
//	if err != nil {
//		return err // such a file is refused as a whole
//	}
//	env = append(env, file.Entries...) // the last of a name counts
//	warn(file.Notes)                   // what was left out, and why
//
// A file that systemd takes gives the same variables here. Where systemd leaves an
// assignment out, or gives it a value that nobody means, this package follows what docker,
// compose and dotenv agree on:
//
//   - a byte order mark is skipped, and a carriage return ends a line as a newline does, in
//     quotes too;
//   - "export " before a name is skipped;
//   - a name may have any characters but blanks and control characters: dots, dashes;
//   - behind a closing quote and a blank, # begins a comment.
//
// Nothing is expanded. Nothing is opened or read here either: what may be read, and how much
// of it, is the caller's business.
package envfile
