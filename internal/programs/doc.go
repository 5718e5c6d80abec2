// Package programs knows what some programs do that their supervisor has to reckon with:
// which go into the background, and how to keep them from it; and which do not stop as they
// are told.
//
//	name := programs.Name(command)                       // "nginx", whatever stands before it
//	remedy := programs.Foreground(command, "nginx")      // what to write instead
//	for _, h := range programs.Hazards(command, ladder)  // what config.Load warns of
//
// It only knows names and arguments; nothing is run or looked for. Each entry was measured
// with a version that docs/programs.md names, by measure.sh and profiles.sh.
package programs
