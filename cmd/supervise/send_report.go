//go:build !slim

package main

import (
	"errors"
	"fmt"
	"io"
	"syscall"
	"time"

	"supervise/internal/text/escape"
	"supervise/signals"
	"supervise/signals/deliver"
	"supervise/signals/predict"
)

// sendReport is what one process made of one signal. The JSON names are part of the interface.
type sendReport struct {
	PID       int            `json:"pid"`
	Comm      string         `json:"comm"`
	Signal    signals.Signal `json:"signal"`
	Value     *uint64        `json:"value,omitempty"`
	Predicted *sendFate      `json:"predicted"`
	Result    *sendFate      `json:"result"` // null if it was not sent
	Error     string         `json:"error,omitempty"`
	End       *sendEnd       `json:"end"` // with --wait, if the process has ended
	Waited    int64          `json:"waited_ns,omitzero"`

	process *deliver.Process
	sent    time.Time
}

// sendFate is what becomes of a signal.
type sendFate struct {
	predict.Forecast `json:"-"`

	Verdict  predict.Fate   `json:"verdict"`
	Why      predict.Reason `json:"reason"`
	InThread int            `json:"thread,omitzero"`
	Next     string         `json:"then,omitempty"`
	Lost     bool           `json:"siginfo_lost"`
	Text     string         `json:"text"`
}

func newSendFate(f predict.Forecast, s signals.Signal) *sendFate {
	fate := &sendFate{
		Forecast: f, Verdict: f.Fate, Why: f.Reason, InThread: f.Thread, Lost: f.InfoLost, Text: f.Text(s),
	}
	if f.Then != 0 {
		fate.Next = f.Then.String()
	}
	return fate
}

// sendEnd is how a process has ended.
type sendEnd struct {
	Known  bool           `json:"known"`
	Code   int            `json:"code"` // -1 if a signal ended it, or it is not known
	Signal signals.Signal `json:"signal,omitzero"`
	Core   bool           `json:"core,omitzero"`
	After  int64          `json:"after_ns"` // since the signal was sent
	text   string
}

func newSendEnd(end deliver.End, after time.Duration) *sendEnd {
	e := &sendEnd{Known: end.Known, Code: -1, Signal: end.Exit.Signal, Core: end.Exit.Core, After: after.Nanoseconds(), text: end.String()}
	if end.Known && end.Exit.Signal == 0 {
		e.Code = end.Exit.Code
	}
	return e
}

// settleTime is how long a signal may be on its way before what it did counts as unseen.
const settleTime = 200 * time.Millisecond

// run sends the ladder, and prints what comes of it.
func (s *sending) run(w io.Writer, pid int) error {
	var all []*sendReport
	var held []*deliver.Process
	defer func() {
		for _, p := range held {
			p.Close()
		}
	}()
	for rung := range s.ladder {
		reports, err := s.rung(w, pid, rung, &held)
		if err != nil {
			return err
		}
		all = append(all, reports...)
		if s.dryRun || s.wait == 0 || s.awaitAll(w, reports) {
			break
		}
	}
	if len(all) == 0 {
		printError(fmt.Errorf("pid %d: there is no process to signal", pid))
		return exitStatus(exitNotRunning)
	}
	if s.json() {
		if err := printJSON(w, all); err != nil {
			return err
		}
	}
	return s.status(all)
}

// passes is how often new members of a set are looked for.
const passes = 3

// rung sends one signal to all processes that are meant and live.
func (s *sending) rung(w io.Writer, pid, rung int, held *[]*deliver.Process) (all []*sendReport, err error) {
	how, value := s.of(rung)
	for pass := range passes {
		fresh, err := s.open(pid, *held)
		if errors.Is(err, deliver.ErrNone) && len(*held) == 0 {
			printError(err)
			return nil, exitStatus(exitNotRunning)
		} else if err != nil {
			return nil, err
		}
		next := fresh
		if *held = append(*held, fresh...); pass == 0 {
			next = *held
		}
		if len(next) == 0 {
			break
		}
		var reports []*sendReport
		for _, p := range next {
			if r := s.look(w, p, how, value); r != nil {
				reports = append(reports, r)
			}
		}
		s.send(w, reports, how)
		all = append(all, reports...)
	}
	return all, nil
}

// look predicts what will become of a signal for one process, nil if it has been reaped after an
// earlier signal.
func (s *sending) look(w io.Writer, p *deliver.Process, how predict.Sending, value *uint64) *sendReport {
	r := &sendReport{PID: p.PID, Comm: p.Name, Signal: how.Signal, Value: value, process: p}
	expected := predict.Forecast{Fate: predict.Failed, Reason: predict.NoThread}
	target, err := p.Look(how.Signal)
	switch {
	case err == nil:
		expected = predict.Of(how, &target)
	case !errors.Is(err, deliver.ErrNone):
		expected = predict.Forecast{Fate: predict.Unseen, Reason: predict.NotGone}
	case how.Signal != s.ladder[0]:
		return nil
	}
	r.Predicted = newSendFate(expected, how.Signal)
	if s.predict || s.dryRun {
		s.say(w, r, ", predicted: "+r.Predicted.Text)
	}
	return r
}

// send sends a signal to the processes of some reports, and adds what became of it.
func (s *sending) send(w io.Writer, reports []*sendReport, how predict.Sending) {
	if s.dryRun {
		return
	}
	errs := make([]error, len(reports))
	for i, r := range reports {
		r.sent = time.Now()
		errs[i] = r.process.Send(how, r.Value)
	}
	for i, r := range reports {
		found := predict.Forecast{Fate: predict.Failed}
		switch errs[i] {
		case nil:
			found = r.process.Settle(how, r.Predicted.Forecast, settleTime)
		case syscall.EAGAIN:
			found = predict.Forecast{Fate: predict.Overflow, Reason: predict.QueueFull}
		case syscall.ESRCH:
			found.Reason = predict.NoThread
		case syscall.EPERM:
			found.Reason = predict.NotPermitted
		default:
			found.Reason = predict.Refused
		}
		r.Result = newSendFate(found, how.Signal)
		text := r.Result.Text
		if errs[i] != nil {
			r.Error = deliver.Explain(errs[i], how.Signal, r.Value != nil).Error()
			text = found.Fate.String() + ": " + r.Error
		}
		s.say(w, r, ": "+text)
	}
}

// awaitAll waits for the ends of the processes of some reports, and reports whether all have
// ended.
func (s *sending) awaitAll(w io.Writer, reports []*sendReport) (all bool) {
	deadline, all := time.Now().Add(s.wait), true
	for _, r := range reports {
		end, ended := r.process.Await(time.Until(deadline))
		after := time.Since(r.sent)
		r.Waited = after.Nanoseconds()
		if !ended {
			all = false
			s.sayEnd(w, r, "still runs after "+rounded(after))
			continue
		}
		r.End = newSendEnd(end, after)
		s.sayEnd(w, r, r.End.text+" after "+rounded(after))
	}
	return all
}

// rounded is a time for people.
func rounded(d time.Duration) string {
	const short = 10 * time.Millisecond
	if d < short {
		return d.Round(10 * time.Microsecond).String()
	}
	return d.Round(time.Millisecond).String()
}

// say prints a line of text about a signal for a process.
func (s *sending) say(w io.Writer, r *sendReport, text string) {
	if !s.json() {
		fmt.Fprintf(w, "pid %d (%s), %v%s\n", r.PID, escape.Name(r.Comm), r.Signal, text)
	}
}

func (s *sending) sayEnd(w io.Writer, r *sendReport, text string) {
	if !s.json() {
		fmt.Fprintf(w, "pid %d (%s): %s\n", r.PID, escape.Name(r.Comm), text)
	}
}
