// Package guess finds the word that was meant by one that is not known, for errors that say
// how to go on.
package guess
