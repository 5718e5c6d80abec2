package supervisor

import (
	"strings"
	"time"

	"supervise/supervisor/board"
	"supervise/supervisor/board/segment"
	"supervise/supervisor/machine"
)

// openBoard puts the state of the services where all can see it. That it does not work is
// no reason not to supervise.
func (s *Supervisor) openBoard(group int) {
	b, left, err := board.Create(board.Options{
		Dir: s.dir.Root(), Slots: len(s.services), Mode: s.file.Control.Mode, Group: group,
	})
	if err != nil {
		s.log.Error().Err(err).Msg("no status board")
		return
	}
	if left > 0 {
		s.log.Warn().Int("objects", left).Msg("removed the status board of an earlier supervise in this runtime directory that was killed")
	}
	s.board = b
	for _, service := range s.services {
		s.touch(service.id)
	}
}

// touch has a service shown anew at the end of the turn.
func (s *Supervisor) touch(id machine.ServiceID) {
	if id < 0 || int(id) >= len(s.services) {
		return
	}
	if service := s.services[id]; !service.touched {
		service.touched = true
		s.touched = append(s.touched, service)
	}
}

// show shows what has changed, in the window and on the board. That costs one system call,
// however many services it is.
func (s *Supervisor) show() {
	if stopping := s.machine.ShuttingDown(); s.window.self.Load() == nil || stopping != s.window.self.Load().Stopping {
		s.window.self.Store(s.self())
	}
	if len(s.touched) == 0 {
		return
	}
	for _, service := range s.touched {
		service.touched = false
		s.display(service)
		if s.board != nil {
			slot := s.slot(service)
			s.board.Set(int(service.id), &slot)
		}
	}
	clear(s.touched)
	s.touched = s.touched[:0]
	if s.board == nil {
		return
	}
	if err := s.board.Publish(); err != nil {
		s.log.Error().Err(err).Msg("the status board is given up")
		s.board.Close()
		s.board = nil
	}
}

// work says whether the loop is at work, so that what is shown may be behind what the log
// says. It is from the beginning.
func (s *Supervisor) work(busy bool) {
	s.window.busy.Store(busy)
	if s.board != nil {
		s.board.Work(busy)
	}
}

// display puts a service into its pane of the window.
func (s *Supervisor) display(service *service) {
	status := s.describe(service)
	service.pane.Store(&status)
}

// arrange has the window follow what services there are.
func (s *Supervisor) arrange() {
	p := &panes{byName: map[string]*pane{}}
	for _, service := range s.listed() {
		s.display(service)
		p.all = append(p.all, &service.pane)
		p.byName[service.name()] = &service.pane
	}
	s.window.panes.Store(p)
	s.window.self.Store(s.self())
}

// slot is the state of a service for the board.
func (s *Supervisor) slot(service *service) board.Slot {
	if service.removed {
		return board.Slot{}
	}
	view := s.machine.View(service.id)
	slot := board.Slot{
		Name: service.name(), State: view.State.String(), Wanted: view.Wanted == machine.Up,
		Ready: view.State == machine.Running && !service.paused, Paused: service.paused, PID: view.PID,
		Since: s.stamp(view.Since), Restarts: uint64(view.Restarts), Held: uint32(view.Held),
		More: view.Wanted == machine.Absent,
	}
	if view.Rung > 0 {
		slot.Rung, slot.Rungs = uint32(view.Rung), uint32(view.Rungs)
	}
	if view.State == machine.Backoff {
		slot.NextRestart = s.stamp(view.NextRestart)
	}
	if view.Exited {
		slot.Exited, slot.ExitTime, slot.Core = true, s.stamp(view.ExitedAt), view.Exit.Core
		slot.ExitCode, slot.ExitSignal = int32(view.Exit.Code), int32(view.Exit.Signal)
		blamed := strings.TrimPrefix(service.blamed, ", ")
		slot.Blame = fitting(blamed, segment.MaxBlame)
		slot.More = slot.More || slot.Blame != blamed
		if by := service.killer; by != nil {
			slot.SenderPID, slot.SenderUID, slot.Sender = int32(by.PID), uint32(by.UID), by.Name
		}
	}
	return slot
}

// fitting leaves out what a sentence ends with, so that it is no longer than limit: parts
// behind a colon or a comma that is not in parentheses.
func fitting(text string, limit int) string {
	for len(text) > limit {
		closed := strings.LastIndexByte(text, ')') + 1
		i := closed + max(strings.LastIndex(text[closed:], ": "), strings.LastIndex(text[closed:], ", "))
		if i < closed || i == 0 {
			return text[:limit]
		}
		text = text[:i]
	}
	return text
}

// stamp is a time on the machine's clock as the board has it.
func (s *Supervisor) stamp(at time.Duration) int64 { return s.wall(at).UnixNano() }
