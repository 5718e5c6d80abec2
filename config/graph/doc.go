// Package graph draws which services of a file need which: as a table in the order in which they
// can start, for Graphviz, as SVG, and as JSON.
//
// It knows what is written in the file, and states as words that somebody gives it. What may start
// when is decided by package machine.
package graph
