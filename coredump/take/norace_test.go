//go:build !race

package take_test

const raceEnabled = false
