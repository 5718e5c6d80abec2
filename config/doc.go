// Package config reads the TOML file of supervise run into a [File]: validated, with all
// defaults filled in, and the same on every host.
//
//	file, err := config.Load("services.toml", accounts.Host{})    // a *config.Error: every problem
//	changes := config.Diff(old, file)                             // what an update must do
//
// It does not act on it: whoever starts a service looks up ids, opens paths and applies
// masks. Whether a user exists is asked through a [Host]. Apart from the one file that [Load]
// reads it touches nothing.
//
// The stages of reading a file:
//
//	bytes   -> decode     size, UTF-8, no control characters
//	text    -> scan       a tree of nodes with their positions
//	        -> toml       is it TOML, and what are the values?
//	nodes   -> readFile   table by table, by lists of fields; wrong, warn
//	                      and the checks across keys
//	finding -> locate     sort, count lines and columns, cut out the line
//	        -> *File with Warnings, or *Error with every Problem
//
// A field (see field) is one key: its name, its names in other programs, what it takes, its
// default, a sentence, and the function that reads it. [Reference] lists the fields, so that
// the manual cannot differ from the code.
//
// Each [Problem] has its line and column, a message, and if possible a hint: the nearest key
// or word, or where a key belongs.
package config
