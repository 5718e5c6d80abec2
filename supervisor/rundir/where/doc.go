// Package where says which runtime directory is meant. It is apart from package rundir for
// what runs before the rest of the program is initialised: see package first.
package where
