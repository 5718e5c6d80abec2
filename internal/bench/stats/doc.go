// Package stats summarises measurements that were taken in rounds, so that a slow minute of
// the machine affects all contestants.
//
//	for each round, for each contestant: samples
//	value  = the median of the rounds' medians
//	spread = the quartiles of all samples
//	ratio  = the median, over the rounds, of median to the baseline's median
//
// A ratio is taken within a round, between numbers measured seconds apart, and is therefore
// steadier than the numbers themselves. Nothing is averaged and no sample is discarded.
//
// The package does not know what was measured. How certain a ratio is says [Interval].
package stats
