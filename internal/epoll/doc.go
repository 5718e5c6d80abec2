// Package epoll is an epoll instance that itself waits in the network poller of the Go
// runtime: whoever waits for its events is one parked goroutine, and no thread. epoll(7):
// "an epoll file descriptor is itself poll/epoll/selectable".
//
//	p, err := epoll.New()
//	err = p.Add(fd, unix.EPOLLIN|unix.EPOLLONESHOT, key)
//	for {
//		n, err := p.Wait(events)                // an error: the instance was closed
//		for _, e := range events[:n] { ... epoll.Key(e) ... }
//	}
//
// It does not know who waits for a descriptor: packages logs and control find that by the
// key. It adds no lock; Close may be called while another goroutine waits.
package epoll
