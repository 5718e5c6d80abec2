// Package report holds the results of the comparison, and writes them as text for people
// and as JSON for programs.
//
//	a Report: the machine, and tables
//	a Table: a title, goals, columns, and a row for each contestant
//	a Cell: what is printed, and the number or samples behind it
//
// It measures nothing and decides nothing, but for whether a goal is met: see [Goal].
package report
