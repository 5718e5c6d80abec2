// Package escape makes text harmless that somebody else has chosen: names of processes, users
// and files, what programs write, what clients and supervisors send. It is the only place
// that says how. It is early: see cmd/supervise/preinit.
//
//	escape.Line("a\x1b]0;x\ab: up\n")            // a^[]0;x^Gb: up^J
//	escape.Name("x, uid 0)")                     // "x, uid 0)", in quotes
//	escape.AppendOutput(nil, line)               // as Line, but colours and tabs pass
//	escape.AppendJSONString(nil, []byte("\u202e")) // "\u202e", six letters in quotes
//
// What comes out is UTF-8. A terminal that shows it only moves forward: it has no control
// characters (C0, DEL and C1; ECMA-48), nothing that reorders or hides text (Unicode
// Standard Annex #9, and the format characters that are never seen), and none of the line
// ends of Unicode. Instead of these stand: ^[ and M-^[ for control characters, as cat -v has
// it, M-i for a byte that is not UTF-8, and <U+202E> for the others. In JSON they are
// \u001b and the like, except that a byte which is not UTF-8 becomes U+FFFD.
//
// What was escaped stays as it is when it is escaped again. It cannot be turned back: a name
// may have a ^ of its own.
//
// The package is early: see cmd/supervise/preinit.
package escape
