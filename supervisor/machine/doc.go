// Package machine takes every decision of supervise run: what to start, what to
// signal, what to give up, and when.
//
// It is a pure state machine. [Machine.Step] takes the time and one [Event] and
// returns the [Action] values to carry out; [Machine.Deadline] says when it wants
// a Tick. It has no clock, makes no system call, starts no goroutine and writes no
// log, and its only randomness is the seeded source it was made with. So the same
// events at the same times give the same actions, on which supervise why, supervise
// replay and the simulation rely. It spawns, signals and reaps nothing itself, reads
// no configuration file, and knows neither cgroups nor descriptors. All of that is
// the business of package supervisor, whose loop is:
//
//	m := machine.New(file, seed)   // and m.Offer(another, restart), before an Update
//	events <- Boot
//	for ev := range events (or Tick, when Deadline has passed) {
//	    queue := []Event{ev}
//	    for ; len(queue) > 0; queue = queue[1:] {
//	        for _, action := range m.Step(now(), queue[0]) {
//	            carry it out; append its result, if it has one, to queue
//	        }
//	    }
//	}
//
// Results come back before anything else happens: Deliver is answered by Sent, Inspect by
// Inspected, Survey by Surveyed, a Send with a Ticket by Signalled. The machine relies on that
// for speed, never for safety: events that come at the wrong moment are decided, too. Two are
// answered later: Spawn by Spawned or SpawnFailed, Load by an Update or LoadFailed.
//
// Everything that is to be done is an action of its own. A [Note] only says what was decided
// and why: in a Tell for the log and the journal, in a Report for the client that asked.
//
// # What is wanted, and what is
//
// Two things are kept apart for each service. Wanted, up, down or absent, is what the last
// command wants: Boot, Start and Restart want it up; Stop and a shutdown want it down;
// Remove wants it down for good: absent. The state is what is actually there. A command
// changes what is wanted at once and in any state, and the state follows as fast as
// processes allow. Only one thing changes what is wanted without a command: a service
// that has ended, and is not started again by its policy, is not wanted up any longer.
//
// # Generations
//
// Every Spawn makes a new generation of its service, numbered from 1, and at most
// one is alive. A generation is its leader, the process that was spawned, and its
// tree, everything that descends from the leader, wherever it went. A leader that ends
// well by itself may hand over to another process of the tree, which is the leader from
// then on ([Follow]); the generation goes on. The leader is gone when Exited is reported, which is after it was reaped: its pid may belong to
// anybody from then on, so that nothing is sent to the leader or its group any more.
// The generation is gone when nothing of its tree is left: Exited says so when there
// are no survivors, Emptied says so later when there were.
//
// An event about a generation that is gone is late: it is noted and changes nothing.
// An event that cannot happen, such as an exit of a generation that never was, is
// noted with the state and the event, and changes nothing either.
//
// # The states
//
// Stopped: nothing of it is there, and nothing is wanted.
//
// Waiting: nothing of it is there, and it is wanted up, but one that it needs is not as it needs it.
//
// Starting: Spawn was issued and its result is not known. A Stop is remembered until
// it is, because there is no process yet that could be told. The kernel may hold a start for
// ever: one that takes long ([Delayed]) is given up if the service is wanted down.
//
// Running: the leader is alive and is meant to be.
//
// Done: its work is done, and nothing of it is there. It counts as up. Only services of type once
// get there, when they end well.
//
// Stopping: the leader is alive, and a ladder is being climbed. Each rung is a signal
// for the leader, its group or its tree, and a time to wait for the end. Each signal
// is followed by SIGCONT to the same processes, for a stopped process acts on nothing
// else but SIGKILL. After the last rung comes SIGKILL for the tree, again every five
// seconds for as long as anything survives it: a process in uninterruptible sleep
// does, and one that became another user's by a set-user-ID program.
//
// The first SIGKILL of a ladder waits while the kernel writes the core of a process of the tree,
// which it would cut short ([LookForDumps]), for as long as the configuration allows. One that a
// shutdown cuts does not wait.
//
// Clearing: the leader is gone and others of its tree are not. Escalation does not
// end with the leader: the rung that was reached goes once to the rest of the tree,
// keeps what remains of its time, and every further rung goes to the tree. When the
// leader went unasked, the ladder begins at its first rung; but when it ended well, not
// before the tree has been looked at twice ([Survey]): it may have handed over, or those
// that it left may be about to end. "Stopped" means that there are no survivors, and no
// new generation starts before that.
//
// Backoff: nothing of it is there, and it will be started at a known time, because
// it ended or because it could not be spawned.
//
// Failed: nothing of it is there, and although it is wanted up it will not be started
// again, until somebody says Start: its restarts in a row reached the limit, or its
// policy is to start it but once, or there is nothing that could be executed, or it went
// into the background, where nothing can be known of it.
//
// Removed: there is no such service any more. Its id stays taken.
//
// What happens in each state upon each event is written out in full, the impossible
// included, in the table of table.go, from which docs/states.md is generated.
//
// # Order
//
// The configuration gives services conditions about others, which form a graph without circles.
// A service requires another one, has it for a milestone, wants it, or comes after it: the last is
// order only, and the first three are also brought up with it. It is spawned only when all its
// conditions are met, and is Waiting until then. It is stopped only when nobody is left who needs
// it, or comes after it and is stopped as well. That holds in every case but two: a process that
// ends by itself asks nobody, and neither does SIGKILL at the end of a shutdown.
//
// The conditions are levels. Whether one is met, and whether a service must go, follows from the
// states of the two alone and from what is wanted of them; nothing is counted and nothing is
// remembered that could be wrong. Whatever changes a service by which others go touches it; at the end
// of the Step each of its neighbours is dispatched a Neighbour, in which it does what it can do now, and
// so on until nobody moves any more (relate). So one event has all its consequences in one
// Step, with it as their cause, and those that wait are looked at upon every change: there is no
// transaction that could fail.
//
// Commands that came as one request are decided together (More), as are Boot, an Update, a shutdown
// and the rule of a signal: first what is wanted of each, then who may move.
//
// Start brings up what the service needs and nobody wants up, or what has failed. Stop leaves what is
// wanted of others alone: those that require the service stop before it, and are Waiting then. They
// start again when it does. So a service that is lost and comes back, after a crash as after a
// command, finds those again that need it. As long as it comes back by itself they keep running, are
// restarted with it or are stopped meanwhile, as each of them says; when it has failed or is not
// wanted up any longer, they stop.
//
// Ready is an attribute of Running: nothing about a stop or an exit depends on it. For now a service
// is ready when its leader has run for as long as its settings say; becomeReady is where other ways to
// be ready will come in.
//
// # Cores
//
// To write a core takes the kernel seconds, and until then the leader that has crashed cannot be
// reaped. But it will never run again; so if a service would be started again ([Machine.CanLeave]),
// whoever takes the core may say that it can go on: Exited comes with Dumping. What is left of the
// leader is the service's Remnant, which no longer counts as a part of the tree. It is reaped later
// (RemnantEnded), or killed when its core takes too long; a shutdown waits for it.
//
// # Restarts
//
// An exit nobody asked for is judged by the policy as soon as the tree is empty. The
// delays grow, up to a bound, with each restart in a row; a generation that stayed up
// for long enough ends the row, as does every manual start. A delay of 0 starts the
// next generation in the same step. Even then nothing spins: see restart.go for the
// brakes. A failure to spawn is not an exit: it never counts towards the limit.
//
// A service that was started Once is not started again after this run, whatever way it
// ends and whatever its policy, until the next command to start it.
//
// # Rules
//
// A signal that the supervisor was sent is looked up in the rules. One that says that the
// terminal is gone begins a shutdown, unless SIGHUP has a rule. A rule may command: to start,
// stop, restart, reload, pause or continue services, which are named in the rule or by the
// signal's value; to load a configuration; or to run a hook. Each such command is told
// (Commanded) and then decided as if it had come by itself. It goes back to the signal. A
// signal without a rule goes to each service that forwards its number.
//
// # Signals for services
//
// A forwarded signal arrives under the number that the service wants, with its payload and
// its original sender. None is lost silently. While the
// leader lives it is delivered to it, also when the service is being stopped for
// good: draining may take long, and the signal may be the one that reopens the logs.
// When there is no leader but there will be one, or when a restart is under way, it is
// held for the next generation. Standard signals are held as the kernel holds them:
// one of each number, the first one's sender kept. Real-time signals queue in order,
// within the service's limit, and a signal that the kernel has no room for goes to
// the front of that queue and is tried again; standard signals never wait behind it.
// At most one delivery per service is under way at a time, which is what keeps the
// order. Where there will be no leader the signal is dropped, and a note tells of it.
//
// When a queue is full whose policy is to wait, the machine asks with Hold to leave
// the real-time signals that the service forwards in the kernel's queue, and with
// Release to read on once half of the queue is free.
//
// # Commands that send a signal
//
// Post sends one to a service by command. No rule is asked and nothing is translated. For the
// leader it waits in the same places as the forwarded ones, in the order in which they came;
// to a full queue it is dropped whatever the policy, as no kernel's queue could hold it. For
// a group or a tree it is sent at once. Reload is the Post of the signal on which the service
// reads its configuration again, but for one thing: the machine first asks (Inspect) what
// that signal would do, and refuses what would end the service. Pause and Continue are
// SIGSTOP and SIGCONT for the tree. A paused service is not in another state; but when it is
// stopped, SIGCONT goes to its whole tree.
//
// Each of these commands gets exactly one Report for each service: delivered or sent; held;
// merged into one that waits; dropped; or refused. There is no second one about what is held.
//
// # The shutdown
//
// A shutdown stops all services by their ladders, side by side. When its time is over the
// ladders that are left are cut to SIGKILL, and no core is waited for. Six seconds later it is finished, come what may:
// what is still there was sent SIGKILL twice, and is told as left behind. After that
// nothing is decided any more, and every event is only noted.
//
// # Another configuration
//
// [Machine.Offer] hands over another file, and the event Update puts it in force while
// everything runs. Services are known by their names. One that the file has takes its
// new settings from its next decision on and keeps all else: its state and generation,
// the wait that is under way and the rungs of the ladder that it climbs, its restarts
// in a row, what waits for it. The settings of its signals hold at once: which ones it
// forwards, which it has held, and the bounds of its queue, though nothing is lost of
// what waits in it.
//
// The Update then commands what follows. Services that the file does not have any more are
// removed: stopped, as by Stop, for good. Meanwhile they cannot be started, so that nobody can
// get in between; but a later file that has one again keeps it. Once a service is Removed,
// its name can be given to another service, with another id. New services are started, if
// they are enabled. Services whose new settings take effect only with a restart are
// restarted, as Offer said.
//
// An Update is an event like any other, and not only a method, so that it has its place in
// the order of events and its number in the journal. As an Event is a plain value, it has
// the number of the file and not the file itself: a journal for replay keeps the files, or
// what [Relevant] leaves of them, beside the events.
//
// # Why
//
// Each event gets a number. An action has the number of the event that caused it, and
// that of its origin: the event that it all goes back to. The origin of a SIGKILL that a
// Tick causes is the Stop that began the ladder, or the SIGTERM to the supervisor that
// began the shutdown; that of the delivery of a held signal is the arrival of the signal.
// Events say who asked (By), which influences no decision.
//
// [Machine.Save] returns all that the machine knows, and [Restore] continues from there, so
// that a journal need not reach back to the beginning.
package machine
