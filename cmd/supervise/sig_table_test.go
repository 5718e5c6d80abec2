//go:build !slim

package main

import (
	"strings"
	"testing"

	"supervise/signals"
	"supervise/signals/advice"
	"supervise/signals/inspect"
	"supervise/signals/state"
)

// reports are of processes of every kind.
func reports() []*inspect.Report {
	threads := func(n int) (list []inspect.Thread) {
		for i := range n {
			list = append(list, inspect.Thread{TID: 812 + i})
		}
		return list
	}
	var many []inspect.Signal
	for s := range signals.Full.All() {
		switch s {
		case signals.SIGKILL, signals.SIGSTOP, signals.SIGTERM, 32, 33:
		default:
			many = append(many, inspect.Signal{Signal: s, Disposition: "default", Blocked: []int{813}})
		}
	}
	caught := func(s signals.Signal, mask signals.Set, flags ...string) inspect.Signal {
		return inspect.Signal{Signal: s, Disposition: "caught", Origin: "program", Handler: "handler\x1b[2J", Flags: append(flags, "SA_RESTORER")}.WithMask(mask)
	}
	sigfillset := signals.Full.Without(signals.SIGKILL).Without(signals.SIGSTOP).Without(32).Without(33)
	return []*inspect.Report{
		{PID: 812, Comm: "app", UID: 33, Parent: 1, NSPID: 5, Threads: threads(8), Queue: inspect.Queue{Used: 97, Limit: 100, Signals: []inspect.Queued{
			{Signal: signals.SIGUSR1, Thread: 813, Code: signals.CodeThread, PID: 7, Comm: "bash", Sender: "pid 7 (uid 0)"},
			{Signal: 37, Code: signals.CodeQueue, PID: 9, Value: 42, Sender: "pid 9 (uid 33)"},
			{Signal: signals.SIGTERM, Lost: true, Sender: "not known: the queue was full"},
		}}, Signals: []inspect.Signal{
			caught(signals.SIGHUP, 0),
			caught(signals.SIGINT, signals.SetOf(signals.SIGTERM, 34, 35, 36), "SA_RESTART", "SA_SIGINFO"),
			caught(signals.SIGQUIT, sigfillset),
			caught(signals.SIGUSR1, sigfillset.Without(signals.SIGSEGV)),
			{Signal: signals.SIGPIPE, Disposition: "ignored", Origin: "inherited", Blocked: []int{812, 813, 814}},
			{Signal: signals.SIGALRM, Disposition: "ignored", Origin: "program", Blocked: []int{812, 813, 814, 815, 816, 817, 818, 819}},
			{Signal: signals.SIGTERM, Disposition: "default", Pending: inspect.Pending{Process: true, Threads: []int{813}}, TakenBy: []inspect.Taker{{Thread: 814}, {SignalFD: 3}}},
			{Signal: signals.SIGCHLD, Disposition: "default", Pending: inspect.Pending{Threads: []int{812, 813}}},
			{Signal: 40, Disposition: "ignored", Origin: "inherited"},
			{Signal: 41, Disposition: "ignored", Origin: "inherited"},
			{Signal: 42, Disposition: "ignored", Origin: "inherited"},
			{Signal: 44, Disposition: "ignored", Origin: "inherited"},
		}, Findings: []advice.Finding{{ID: "queue-full", Text: "the queue is full", Remedy: "empty it"}}},
		{PID: 813, Comm: "blocker", NSPID: 813, Threads: threads(2), Signals: many, Missing: []string{"as root more"}, Queue: inspect.Queue{Signals: []inspect.Queued{}}},
		{PID: 814, Comm: "plain", NSPID: 814, Threads: threads(1), Missing: []string{"as root more", "and still more"}},
		{PID: 2, Comm: "kthreadd", NSPID: 2, Kernel: true, Threads: threads(1)},
		{PID: 815, Comm: "dead", NSPID: 815, Parent: 812},
	}
}

func TestSigTable(t *testing.T) {
	var text strings.Builder
	if err := printReports(&text, reports()); err != nil {
		t.Fatal(err)
	}
	if err := printReports(&text, nil); err != nil {
		t.Fatal(err)
	}
	compare(t, "testdata/sig.txt", text.String())
}

// Every flag that package state knows has a short name in the table.
func TestSigFlags(t *testing.T) {
	s := inspect.Signal{Flags: (state.Restart | state.RestorerGiven | 1<<40).Names()}
	if got := flagsText(&s); got != "RESTART 0x10000000000" {
		t.Error(got)
	}
}
