package store

import (
	"errors"

	"golang.org/x/sys/unix"

	"supervise/coredump/order"
)

// guard keeps an entry within the limits while it is written.
type guard struct {
	store   *Store
	limits  order.Limits
	id      string
	service string

	budget int64 // bytes that may be written before the next look
}

// step is how much is written between two looks at the most, and for each entry of the store a
// little more, as each has to be looked at.
const (
	step      = 4 << 20
	entryStep = 64 << 10
)

// allow allows n more bytes, and makes room for them if need be.
func (g *guard) allow(n int) error {
	need := int64(n)
	if g.budget >= need {
		g.budget -= need
		return nil
	}
	for {
		room, limit, err := g.room()
		if err != nil {
			return err
		}
		if room >= need {
			g.budget = room - need
			return nil
		}
		service := ""
		if limit.Service != "" {
			service = g.service
		}
		if err := g.store.evictCore(service, limit.Key); err != nil {
			return limit
		}
	}
}

// room is how much may be written now, and which limit says so.
func (g *guard) room() (room int64, limit *LimitError, err error) {
	all, err := g.store.usages()
	if err != nil {
		return 0, nil, err
	}
	var sum, service, writers int64
	for i := range all {
		u := &all[i]
		sum += u.all()
		if u.notes.Service == g.service {
			service += u.all()
		}
		if u.writing {
			writers++
		}
	}
	room = step + entryStep*int64(len(all))
	lower := func(to int64, e LimitError) {
		if to < room {
			room, limit = to, &e
		}
	}
	if most := g.limits.MaxUse; most > 0 {
		lower(share(most-sum, writers), LimitError{Limit: ErrQuota, Key: "max-use", Value: most})
	}
	if most := g.limits.MaxService; most > 0 {
		lower(share(most-service, writers), LimitError{Limit: ErrQuota, Key: "max-use", Service: g.service, Value: most})
	}
	if least := g.limits.KeepFree; least > 0 {
		lower(share(g.store.free()-least, writers), LimitError{Limit: ErrKeepFree, Key: "keep-free", Value: least})
	}
	return room, limit, nil
}

// share divides what is left among those who write, but not into crumbs.
func share(left, writers int64) int64 {
	return max(min(left, 2<<20), left/max(writers, 1))
}

// free is what is free on the file system for those who are not root.
func (s *Store) free() int64 {
	var fs unix.Statfs_t
	if err := unix.Fstatfs(s.dir.fd(), &fs); err != nil {
		return 1 << 62
	}
	return int64(min(fs.Bavail, 1<<40)) * fs.Bsize
}

// limited says of a full disk that it is one.
func (g *guard) limited(err error) error {
	if full(err) {
		return &LimitError{Limit: ErrDiskFull}
	}
	return err
}

func full(err error) bool {
	return errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT)
}
