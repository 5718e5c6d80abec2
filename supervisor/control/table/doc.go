// Package table is the table that "supervise status" shows, of services that were read from
// an answer or from the board. It is made of little, as it also is used before the rest of
// the program is initialised: see package first. Times are nanoseconds, points in time
// since 1970, 0 being none.
package table
