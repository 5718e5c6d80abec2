package sim

import (
	"slices"
	"strconv"

	"supervise/config"
	"supervise/signals"
	"supervise/supervisor/machine"
)

// Who sends signals and commands: strangers and clients with pids below those of services.
// Every eighth is gone before anybody can ask who it was.
const (
	firstSender = 2
	numSenders  = 30
)

var senders = func() (all [firstSender + numSenders]machine.Asker) {
	for pid := firstSender; pid < len(all); pid++ {
		if pid%8 != 7 {
			all[pid] = machine.Asker{PID: int32(pid), UID: uint32(pid % 3), Name: "sender-" + strconv.Itoa(pid)}
		}
	}
	return all
}()

// someone is who has a pid, nobody if it is a process that is gone.
func someone(pid int) machine.Asker {
	if pid < 0 || pid >= len(senders) {
		return machine.Asker{}
	}
	return senders[pid]
}

func (w *world) randomSender() int { return firstSender + w.random.IntN(numSenders) }

// interfere lets somebody else act: a client, another process, or the system.
func (w *world) interfere() {
	s := w.somebody()
	switch w.random.IntN(21) {
	case 0, 1, 2, 3, 4:
		w.act()
	case 5:
		w.strike(s, config.Main, signals.SIGKILL)
	case 6:
		w.strike(s, config.Scope(w.random.IntN(3)), signals.SIGSTOP)
	case 7:
		w.strike(s, config.Tree, signals.SIGCONT)
	case 8:
		w.strike(s, config.Group, signals.SIGTERM)
	case 9:
		w.receive(commanding[w.random.IntN(len(commanding))])
	case 10:
		s.crashes = w.chance(6)
	case 11:
		s.missing = w.chance(6)
	case 12:
		w.resume(signals.Info{}, false) // for no reason
	case 20:
		w.logs.write(s.spec.Name)
	case 13:
		w.receive([]signals.Signal{signals.SIGUSR2, signals.SIGALRM, signals.SIGPIPE}[w.random.IntN(3)])
	case 14, 15:
		w.receive(forwarded[w.random.IntN(3)])
	default:
		for range w.random.IntN(8) {
			w.receive(forwarded[3+w.random.IntN(len(forwarded)-3)])
		}
	}
}

// somebody picks a service, now and then one that is no more.
func (w *world) somebody() *service {
	s := w.services[w.random.IntN(len(w.services))]
	for range 10 {
		if s.state != machine.Removed || w.chance(8) {
			break
		}
		s = w.services[w.random.IntN(len(w.services))]
	}
	return s
}

// strike sends a signal from outside, as any process may.
func (w *world) strike(s *service, scope config.Scope, signal signals.Signal) {
	t := s.tree
	if t.gone() || t.reaped && scope != config.Tree {
		return
	}
	w.note(t, "somebody sends %v to its %v", signal, scope)
	w.signalTree(t, scope, signal, sender{source: stranger, at: w.now})
}

// receive is a signal to the supervisor. What is held stays in the kernel, in order,
// but for a few that the supervisor had taken in before it was told to hold.
func (w *world) receive(s signals.Signal) {
	k := w.system
	info := signals.Info{Signal: s, Code: signals.CodeQueue, Value: uint64(w.steps)}
	info.PID = int32(w.randomSender())
	info.UID = uint32(info.PID % 3)
	switch {
	case slices.Contains(commanding, s):
		info.Value = uint64(w.random.IntN(maxServices + 1))
	case w.chance(10) && (s != signals.SIGHUP || !w.spec.HangUp):
		info.Code, info.PID, info.UID, info.Value = signals.CodeKernel, 0, 0, 0
	}
	if k.held.Has(s) {
		if k.taken == 0 || len(k.intake[s]) > 0 {
			k.intake[s] = append(k.intake[s], info)
			k.left++
			return
		}
		k.taken--
	}
	w.resume(info, true)
}
