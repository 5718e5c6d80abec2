// Package config reads the TOML file of supervise run into a [File]: validated, with
// every default filled in, and the same on every host.
//
// It is not about doing anything with it. Ids are looked up, paths opened and masks
// applied by whoever spawns a service; what this package asks of a machine, whether
// there is such a user, it asks through a [Host]. Apart from the one file that [Load]
// reads it touches nothing.
//
// The way of a file:
//
//	bytes   -> decode     size, UTF-8, no control characters
//	text    -> scan       a tree of nodes that know where they stand
//	        -> toml       is it TOML, and what are the values?
//	nodes   -> readFile   table by table, by lists of fields; wrong, warn
//	                      and the checks across keys
//	finding -> locate     sort, count lines and columns, cut out the line
//	        -> *File with Warnings, or *Error with every Problem
//
// A field (see field) is one key: its name, what others call it, what it takes, its
// default, a sentence, and the function that reads it. [Reference] lists the fields,
// so that the manual cannot differ from what is read.
//
// [Diff] tells from two Files what an update has to do. Whether it is done, and how, is
// no matter of this package either.
//
// Each [Problem] has its line and column, a message, and where it can be told a hint
// at what to write instead: the nearest key or word, or where a key belongs.
package config
