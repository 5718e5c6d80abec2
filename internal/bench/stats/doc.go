// Package stats sums up measurements that were taken in rounds, so that a slow minute of
// the machine falls on every contestant alike.
//
//	for each round, for each contestant: samples
//	value  = the median of the rounds' medians
//	spread = the quartiles of all samples
//	ratio  = the median, over the rounds, of median to the baseline's median
//
// A ratio is taken within a round, between numbers measured seconds apart, and is
// therefore steadier than the numbers themselves. Nothing is averaged and no sample is
// thrown away.
//
// The package knows nothing of what was measured, and makes no claim of significance.
package stats
