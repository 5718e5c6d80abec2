package handler

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"supervise/coredump/crasher"
	"supervise/coredump/order"
	"supervise/coredump/talk"
)

// pipe is what the arguments of core_pattern say.
type pipe struct {
	hello  order.Hello
	socket string
	store  string
	pidfd  int
}

// parse reads the arguments. A specifier that an older kernel does not know leaves a value
// empty.
func parse(arguments []string) (p pipe, err error) {
	p.pidfd = -1
	number := func(value string) int {
		n, failed := strconv.Atoi(value)
		if failed != nil && value != "" {
			err = fmt.Errorf("%q is no number", value)
		}
		return n
	}
	for _, word := range arguments {
		name, value, named := strings.Cut(word, "=")
		switch {
		case strings.HasPrefix(word, "/") && p.socket == "":
			p.socket = word
		case strings.HasPrefix(word, "/"):
			p.store = word
		case !named:
			err = fmt.Errorf("unexpected argument %q: this command is for core_pattern", word)
		case name == "p":
			p.hello.PID = number(value)
		case name == "t":
			p.hello.TID = number(value)
		case name == "s":
			p.hello.Signal = number(value)
		case name == "d":
			p.hello.Dumpable = value
		case name == "f" && value != "":
			p.pidfd = number(value)
		}
	}
	if err == nil && p.socket == "" {
		err = fmt.Errorf("the path of a socket is missing: this command is for core_pattern")
	}
	p.hello.HasPIDFD = p.pidfd >= 0
	return p, err
}

// orderTime is how long a collector may take to send an order, as other cores come first.
const orderTime = 5 * time.Minute

// piped takes the order of the collector at the socket, or its own if nobody is there.
func piped(arguments []string) (*job, error) {
	p, err := parse(arguments)
	if err != nil {
		return nil, err
	}
	j := &job{pidfd: p.pidfd}
	if j.core, err = openCore(); err != nil {
		return nil, err
	}
	if p.pidfd >= 0 {
		unix.CloseOnExec(p.pidfd)
	}
	if j.told, err = p.ask(&j.order); err == nil {
		return j, nil
	}
	if p.store == "" {
		return nil, fmt.Errorf("nobody collects cores (%w), and core_pattern does not say where to keep this one", err)
	}
	j.order = p.standing()
	return j, nil
}

// ask asks the collector.
func (p *pipe) ask(o *order.Order) (*talk.Conn, error) {
	told, err := talk.Dial(p.socket)
	if err != nil {
		return nil, err
	}
	var fds []int
	if p.pidfd >= 0 {
		fds = append(fds, p.pidfd)
	}
	told.SetDeadline(time.Now().Add(orderTime))
	if err = told.Send(p.hello, fds...); err == nil {
		_, err = told.Receive(o)
	}
	told.SetDeadline(time.Time{})
	if err != nil {
		told.Close()
		return nil, err
	}
	return told, nil
}

// standing is the order if nobody is there to give one: the defaults of the configuration.
func (p *pipe) standing() order.Order {
	o := order.Default()
	o.Directory, o.TID = filepath.Clean(p.store), p.hello.TID
	var who crasher.Who
	if p.pidfd >= 0 {
		who, _ = crasher.Identify(p.pidfd)
	} else {
		p.pidfd, who = crasher.ByPID(p.hello.PID)
	}
	o.PID, o.HasPIDFD = who.PID, p.pidfd >= 0
	o.Private = who.Private != "" || p.hello.Dumpable != "1"
	return o
}
