package quickstatus

import (
	"syscall"

	"supervise/internal/sys"
	"supervise/internal/text/json"
	"supervise/signals"
	"supervise/supervisor/control/wire"
	"supervise/supervisor/status"
)

// patience is how long an answer may take, in nanoseconds.
const patience = 200_000_000

// ask puts a request to the supervisor of a directory. ok is false unless there is an
// answer, in one piece and in time.
func ask(dir string, request []byte) (answer string, ok bool) {
	queues, err := wire.Find(dir)
	if err != nil || queues.Owner.Stopped() { // who is stopped answers nobody
		return "", false
	}
	defer limit(patience)()
	c := wire.Conversation{
		Queues: queues, Client: wire.ClientID(syscall.Getpid(), 0), Number: uint64(now()),
	}
	for kind := wire.Request; c.Send(kind, request) == nil; kind, request = wire.Next, nil {
		answer, whole, last, err := c.Receive()
		if err != nil || whole {
			return string(answer), err == nil && last
		}
	}
	return "", false
}

// read reads the answer, a Reply of package request. ok is false when it is more, or less,
// than services.
func read(answer string) (services []status.Service, ok bool) {
	r := json.NewReader(answer)
	for name := range r.Members() {
		switch name {
		case "services":
			for n := range r.Elements() {
				services = append(services, status.Service{})
				services[n].ReadJSON(r)
			}
		case "supervisor":
			r.Skip()
		default:
			return nil, false
		}
	}
	return services, r.OK()
}

// limit has a system call that waits for longer fail with EINTR: the runtime has a handler
// for SIGALRM, which does nothing. Until the function that is returned is called this
// thread is open to the signal, as the only one.
func limit(ns int64) (end func()) {
	before := sys.Mask()
	sys.SetMask(before &^ signals.SetOf(signals.SIGALRM))
	_ = sys.Alarm(ns) // without it, who is impatient has Ctrl-C
	return func() {
		_ = sys.Alarm(0)
		sys.SetMask(before)
	}
}
