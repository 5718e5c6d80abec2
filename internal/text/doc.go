// Package text has the few functions of package strings that the start of supervise init
// needs, for ASCII. Package strings itself needs package unicode, whose tables are set up
// before main, and sorts behind the packages that init wants to be started before: see
// cmd/supervise/first.
package text
