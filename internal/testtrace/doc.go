// Package testtrace makes traces of signals for tests of what shows and keeps them: of any
// length, always the same, with every verdict, every kind of sender, and names that try to
// be more than names.
//
//	testtrace.Feed(sink, testtrace.Options{Lives: 10_000})
package testtrace
