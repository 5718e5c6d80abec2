package store

import (
	"errors"
	"io/fs"
	"strings"

	"supervise/internal/size"
)

// Why a core is cut, or nothing can be written. Each is wrapped by a [*LimitError], whose text
// says it with its numbers.
var (
	ErrTooLarge = errors.New("the core is larger than max-core")
	ErrQuota    = errors.New("the cores take as much as they may")
	ErrKeepFree = errors.New("too little space is left on the file system")
	ErrDiskFull = errors.New("no space is left on the file system")
)

// LimitError says what keeps a core from being written any further.
type LimitError struct {
	Limit   error  // one of the above
	Key     string // of the configuration: "max-core"; "" for a full disk
	Service string // whose limit it is; "" for that of the store
	Value   int64  // of the limit, in bytes
}

// Error is fit for [report.Core]'s Reason.
func (e *LimitError) Error() string {
	switch {
	case e.Key == "":
		return e.Limit.Error()
	case e.Service != "":
		return e.Limit.Error() + ": " + e.Key + " of service \"" + e.Service + "\" is " + size.Format(e.Value)
	}
	return e.Limit.Error() + ": " + e.Key + " is " + size.Format(e.Value)
}

// Unwrap is for errors.Is with the errors above.
func (e *LimitError) Unwrap() error { return e.Limit }

// NoneError says that there is no store: its directory does not exist. It is an fs.ErrNotExist.
type NoneError struct{ Path string }

func (e *NoneError) Error() string {
	return "there is no directory " + e.Path + ", so no cores are kept there"
}

// Unwrap is for errors.Is with fs.ErrNotExist.
func (e *NoneError) Unwrap() error { return fs.ErrNotExist }

// UnknownError says that there is no such entry.
type UnknownError struct {
	ID    string
	Store string   // its path
	Among []string // the ids that begin so, if there are several
}

func (e *UnknownError) Error() string {
	if len(e.Among) > 0 {
		return "several cores in " + e.Store + " begin with " + e.ID + ": " + strings.Join(e.Among, ", ")
	}
	return "there is no core " + e.ID + " in " + e.Store + "; 'supervise core list' shows them"
}

// BusyError says that an entry is being written, or compressed, by a process that lives.
type BusyError struct {
	ID   string
	What string
}

func (e *BusyError) Error() string { return "core " + e.ID + " is being " + e.What }
