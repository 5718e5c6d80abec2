package supervisor

import (
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"supervise/signals"
	"supervise/supervisor/control"
	"supervise/supervisor/control/request"
	"supervise/supervisor/logs"
)

// wall is the time of day of a time on the machine's clock.
func (s *Supervisor) wall(at time.Duration) time.Time { return s.began.Add(at) }

func (s *Supervisor) answerWhy(call *control.Call, r request.Why) {
	if service, ok := s.findOne(call, r.Service); ok {
		s.reply(call, &request.Reply{Services: []request.Service{s.status(service)}, Events: s.journal.Why(r.Service)})
	}
}

func (s *Supervisor) answerEvents(call *control.Call, r request.Events) {
	if _, ok := s.find(call, request.Target{Services: r.Services}); !ok {
		return
	}
	s.publish() // or what is new would be told twice
	events := s.journal.Last(r.Services, r.Limit)
	if !r.Follow {
		s.reply(call, &request.Reply{Events: events})
		return
	}
	call.Tell(&request.Reply{Events: events})
	s.followers = append(s.followers, follower{call, r.Services})
}

func (s *Supervisor) answerLogs(call *control.Call, r request.Logs) {
	service, ok := s.findOne(call, r.Service)
	if !ok {
		return
	}
	if service.pump == nil {
		call.Fail(request.NotSupported, "service "+r.Service+" writes to the output of supervise itself (log.mode is inherit)")
		return
	}
	if !r.Follow {
		last, _ := s.logs.Last(r.Service, wanted(r.Lines))
		s.reply(call, &request.Reply{Lines: lines(r.Service, last)})
		return
	}
	stop := s.logs.Follow(r.Service, wanted(r.Lines), func(all []logs.Line) {
		call.Tell(&request.Reply{Lines: lines(r.Service, all)})
	})
	s.readers = append(s.readers, reader{call, stop})
}

// wanted is how many lines are asked for, 0 being all.
func wanted(n int) int {
	if n == 0 {
		return logs.MaxLines
	}
	return n
}

func lines(service string, all []logs.Line) []request.Line {
	out := make([]request.Line, len(all))
	for i, l := range all {
		out[i] = request.Line{Time: l.Time, Service: service, Stream: l.Stream, Text: l.Text}
	}
	return out
}

// processOf describes a process that lives; nil when there is none.
func processOf(pid int) *request.Process {
	if pid <= 0 {
		return nil
	}
	var stat unix.Stat_t
	if unix.Stat("/proc/"+strconv.Itoa(pid), &stat) != nil {
		return nil
	}
	return &request.Process{PID: pid, UID: int(stat.Uid), Name: commOf(pid)}
}

// info is a signal as its commander would have sent it, or as our own where that is no
// process that is known.
func (a asker) info(signal signals.Signal, value *int64) signals.Info {
	info := signals.Info{Signal: signal, Code: signals.CodeUser, PID: int32(os.Getpid()), UID: uint32(os.Getuid())}
	if a.who != nil {
		info.PID, info.UID = int32(a.who.PID), uint32(a.who.UID)
	}
	if value != nil {
		info.Code, info.Value = signals.CodeQueue, uint64(*value)
	}
	return info
}
