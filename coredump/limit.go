package coredump

import (
	"math"
	"strings"

	"supervise/internal/guess"
	"supervise/internal/size"
)

// Unlimited is RLIM_INFINITY, no limit of the core size.
const Unlimited = math.MaxUint64

// ParseLimit parses a core size limit in bytes: "unlimited", or what [size.Parse] does,
// except 2^64-1, which is [Unlimited] itself. The error is a [*guess.Error].
func ParseLimit(text string) (uint64, error) {
	if text == "unlimited" {
		return Unlimited, nil
	}
	if nearUnlimited(text) {
		return 0, &guess.Error{Message: "core limit " + guess.Quote(text) + " is not a size", Hint: guess.DidYouMean("unlimited")}
	}
	limit, err := size.Parse(text)
	if err == nil && limit == Unlimited {
		return 0, &guess.Error{Message: "core limit " + guess.Quote(text) + " is too large", Hint: guess.DidYouMean("unlimited")}
	}
	return limit, err
}

// nearUnlimited knows its names in other programs: systemd, setrlimit(2), ulimit, container
// engines.
func nearUnlimited(text string) bool {
	switch strings.ToLower(text) {
	case "infinity", "infinite", "inf", "rlim_infinity", "none", "max", "-1":
		return true
	}
	return guess.Word(text, []string{"unlimited"}) != ""
}
