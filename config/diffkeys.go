package config

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"supervise/coredump"
	"supervise/signals"
)

// diffKey is one key for Diff. Two values are equal if their texts are: so a text contains
// the whole value, with user-defined parts in quotes.
type diffKey[T any] struct {
	path   string
	effect Effect
	text   func(*T) string
}

// between is the effect of a change from one value to another: the key's own, but a process
// that writes to the supervisor's own descriptors must be started anew, or must have been.
func (k *diffKey[T]) between(old, new string) Effect {
	if inherit := Inherit.String(); k.path == "log.mode" && (old == inherit || new == inherit) {
		return NeedsRestart
	}
	return k.effect
}

// fileKeys are the keys outside of [service] and [signals].
var fileKeys = []diffKey[File]{
	// The lock, the FIFOs and the keys of queues and board depend on this directory.
	{"supervisor.runtime-dir", NeedsNewStart, func(f *File) string { return given(f.Supervisor.RuntimeDir) }},
	{"supervisor.shutdown-timeout", Live, func(f *File) string { return f.Supervisor.ShutdownTimeout.String() }},
	{"supervisor.exit-with", Live, func(f *File) string { return given(f.Supervisor.ExitWith) }},
	{"supervisor.journal", NeedsNewStart, func(f *File) string { return given(f.Supervisor.Journal) }},
	{"supervisor.journal-size", NeedsNewStart, func(f *File) string { return strconv.FormatInt(f.Supervisor.JournalSize, 10) }},
	{"supervisor.recorder", NeedsNewStart, func(f *File) string { return f.Supervisor.Recorder.String() }},
	{"core.collect", NeedsNewStart, func(f *File) string { return f.Core.Collect.String() }},
	{"core.install", NeedsNewStart, func(f *File) string { return strconv.FormatBool(f.Core.Install) }},
	{"core.force", NeedsNewStart, func(f *File) string { return strconv.FormatBool(f.Core.Force) }},
	{"core.directory", Live, func(f *File) string { return given(f.Core.Directory) }},
	{"core.capture", Live, func(f *File) string { return given(string(f.Core.Capture)) }},
	{"core.max-use", Live, func(f *File) string { return strconv.FormatInt(f.Core.MaxUse, 10) }},
	{"core.keep-free", Live, func(f *File) string { return strconv.FormatInt(f.Core.KeepFree, 10) }},
	{"core.max-age", Live, func(f *File) string { return f.Core.MaxAge.String() }},
	{"core.max-core", Live, func(f *File) string { return strconv.FormatInt(f.Core.MaxCore, 10) }},
	{"core.compress", Live, func(f *File) string { return given(string(f.Core.Compress)) }},
	{"core.timeout", Live, func(f *File) string { return f.Core.Timeout.String() }},
	{"core.on-core", Live, func(f *File) string { return quoteAll(f.Core.OnCore) }},
	{"control.group", Live, func(f *File) string { return given(f.Control.Group) }},
	{"control.mode", Live, func(f *File) string { return fmt.Sprintf("%04o", f.Control.Mode) }},
}

// serviceKeys are the keys of a service except its environment. Whatever a process has from
// its start needs a restart, but for what the kernel lets us change of a process that runs, the
// limit and filter of its cores. Its log is behind a pipe that it holds, and can change, but for
// mode "inherit": see [diffKey.between].
var serviceKeys = []diffKey[Service]{
	{"command", NeedsRestart, func(s *Service) string { return quoteAll(s.Command) }},
	{"directory", NeedsRestart, func(s *Service) string { return given(s.Directory) }},
	{"environment-file", NeedsRestart, func(s *Service) string { return given(s.EnvironmentFile) }},
	{"pass-environment", NeedsRestart, func(s *Service) string { return quoteAll(s.PassEnvironment) }},
	{"user", NeedsRestart, func(s *Service) string { return given(s.User) }},
	{"group", NeedsRestart, func(s *Service) string { return given(s.Group) }},
	{"umask", NeedsRestart, func(s *Service) string { return umaskText(s.Umask) }},
	{"startup", Live, func(s *Service) string { return startupText(s.Enabled) }},
	{"up-after", Live, func(s *Service) string { return s.UpAfter.String() }},
	{"type", NeedsRestart, func(s *Service) string { return s.Type.String() }},
	{"requires", Live, func(s *Service) string { return list(s.Order.Requires, Need.String) }},
	{"wants", Live, func(s *Service) string { return quoteAll(s.Order.Wants) }},
	{"milestone", Live, func(s *Service) string { return quoteAll(s.Order.Milestone) }},
	{"after", Live, func(s *Service) string { return quoteAll(s.Order.After) }},
	{"before", Live, func(s *Service) string { return quoteAll(s.Order.Before) }},
	{"restart.policy", Live, func(s *Service) string { return s.Restart.Policy.String() }},
	{"restart.delay", Live, func(s *Service) string { return s.Restart.Delay.String() }},
	{"restart.factor", Live, func(s *Service) string { return numberText(s.Restart.Factor) }},
	{"restart.max-delay", Live, func(s *Service) string { return s.Restart.MaxDelay.String() }},
	{"restart.jitter", Live, func(s *Service) string { return numberText(s.Restart.Jitter) }},
	{"restart.reset-after", Live, func(s *Service) string { return s.Restart.ResetAfter.String() }},
	{"restart.limit", Live, func(s *Service) string { return strconv.Itoa(s.Restart.Limit) }},
	{"restart.success", Live, func(s *Service) string { return list(s.Restart.Success, Outcome.String) }},
	{"stop.ladder", Live, func(s *Service) string { return list(s.Stop.Ladder, Rung.String) }},
	{"reload", Live, func(s *Service) string { return s.Reload.String() }},
	{"signals.block", NeedsRestart, func(s *Service) string { return s.Signals.Block.String() }},
	{"signals.ignore", NeedsRestart, func(s *Service) string { return s.Signals.Ignore.String() }},
	{"signals.forward", Live, func(s *Service) string { return forwardText(s.Signals.Forward) }},
	{"signals.queue.limit", Live, func(s *Service) string { return strconv.Itoa(s.Signals.Queue.Limit) }},
	{"signals.queue.when-full", Live, func(s *Service) string { return s.Signals.Queue.WhenFull.String() }},
	{"core.limit", Live, func(s *Service) string { return limitText(s.Core.Limit) }},
	{"core.filter", Live, func(s *Service) string { return filterText(s.Core.Filter) }},
	{"core.dumpable", Live, func(s *Service) string { return dumpableText(s.Core.Dumpable) }},
	{"core.rate", Live, func(s *Service) string { return given(s.Core.Rate.String()) }},
	{"core.max-use", Live, func(s *Service) string { return strconv.FormatInt(s.Core.MaxUse, 10) }},
	{"log.mode", Live, func(s *Service) string { return s.Log.Mode.String() }},
	{"log.format", Live, func(s *Service) string { return given(s.Log.Format.String()) }},
	{"log.file", Live, func(s *Service) string { return given(s.Log.File) }},
	{"log.stderr", Live, func(s *Service) string { return given(s.Log.Stderr) }},
	{"log.when-full", Live, func(s *Service) string { return s.Log.WhenFull.String() }},
	{"log.max-size", Live, func(s *Service) string { return strconv.FormatInt(s.Log.MaxSize, 10) }},
	{"log.keep", Live, func(s *Service) string { return strconv.Itoa(s.Log.Keep) }},
	{"log.max-age", Live, func(s *Service) string { return s.Log.MaxAge.String() }},
	{"log.compress", Live, func(s *Service) string { return s.Log.Compress.String() }},
	{"log.owner", Live, func(s *Service) string { return given(s.Log.Owner) }},
	{"log.group", Live, func(s *Service) string { return given(s.Log.Group) }},
	{"log.permissions", Live, func(s *Service) string { return permissionsText(s.Log.Permissions) }},
}

// String writes the rung as a few words: SIGTERM main 10s.
func (r Rung) String() string { return fmt.Sprintf("%v %v %v", r.Signal, r.Scope, r.Timeout) }

// String writes the need as a few words: "db" until ready, on loss keep.
func (n Need) String() string {
	return fmt.Sprintf("%q until %v, on loss %v", n.Service, n.Until, n.OnLoss)
}

// none stands for an absent value. User-defined text is always in quotes.
const none = "none"

func given(text string) string {
	if text == "" {
		return none
	}
	return strconv.Quote(text)
}

func list[T any](elements []T, text func(T) string) string {
	if len(elements) == 0 {
		return none
	}
	texts := make([]string, len(elements))
	for i, e := range elements {
		texts[i] = text(e)
	}
	return strings.Join(texts, ", ")
}

func forwardText(forward map[signals.Signal]signals.Signal) string {
	return list(slices.Sorted(maps.Keys(forward)), func(from signals.Signal) string {
		return fmt.Sprintf("%v as %v", from, forward[from])
	})
}

func umaskText(u Umask) string {
	if !u.Set {
		return none
	}
	return fmt.Sprintf("%03o", u.Mask)
}

func permissionsText(mode uint32) string {
	if mode == 0 {
		return none
	}
	return fmt.Sprintf("%04o", mode)
}

func startupText(enabled bool) string {
	if enabled {
		return startupWords[1]
	}
	return startupWords[0]
}

func numberText(number float64) string { return strconv.FormatFloat(number, 'g', -1, 64) }

func limitText(limit *uint64) string {
	switch {
	case limit == nil:
		return none
	case *limit == coredump.Unlimited:
		return "unlimited"
	}
	return strconv.FormatUint(*limit, 10)
}

func dumpableText(dumpable *bool) string {
	if dumpable == nil {
		return none
	}
	return strconv.FormatBool(*dumpable)
}

func filterText(filter *coredump.Filter) string {
	if filter == nil {
		return none
	}
	return filter.String()
}
