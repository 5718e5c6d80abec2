package preflight

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"supervise/config"
	"supervise/supervisor/launch"
)

// Finding is something that is missing, or could not be looked at.
type Finding struct {
	Key     []string // that it is about: service, web, directory
	Message string   // names the service
	Hint    string   // what to do about it, if that is known
	Error   bool     // it keeps the service from starting
	Stuck   bool     // something did not answer in time
}

// workers bounds how many looks go on side by side, which matters where many do not end.
const workers = 64

// Look looks at everything that a file names, until nothing more is found out for as long as the
// limit. environment is that of the supervisor, NAME=value each. The findings are in no
// particular order.
func Look(file *config.File, environment []string, limit time.Duration) []Finding {
	launcher := launch.New(environment, launch.Rlimit{})
	jobs := make([]job, len(file.Services)+1)
	for i := range file.Services {
		jobs[i].spec = &file.Services[i]
	}
	jobs[len(file.Services)].file = file // what is beside the services

	results := make(chan result, len(jobs)) // who is late need not wait
	var next atomic.Int64
	for range min(workers, len(jobs)) {
		go func() {
			for i := int(next.Add(1)) - 1; i < len(jobs); i = int(next.Add(1)) - 1 {
				l := look{job: &jobs[i], launcher: launcher, environment: environment, root: os.Geteuid() == 0}
				l.everything()
				results <- result{i, l.findings, l.untried}
			}
		}()
	}
	return collect(jobs, results, limit)
}

// job is one thing to look at: a service, or the rest of a file.
type job struct {
	spec  *config.Service
	file  *config.File
	stage atomic.Pointer[stage] // what it is at; nil before it begins
}

// stage is what is looked at right now.
type stage struct{ key, what string }

func (j *job) key(more ...string) []string {
	if j.spec == nil {
		return more
	}
	return append([]string{"service", j.spec.Name}, more...)
}

func (j *job) name() string { return "service " + strconv.Quote(j.spec.Name) }

// of puts the name of the service before a message.
func (j *job) of(message string) string {
	if j.spec == nil {
		return message
	}
	return j.name() + ": " + message
}

// result is what was found by a job. untried says that the service runs as another user whose
// rights cannot be tried.
type result struct {
	index    int
	findings []Finding
	untried  bool
}

// collect waits for the results, each for no longer than the limit, and says of which jobs
// there is none after that.
func collect(jobs []job, results <-chan result, limit time.Duration) (findings []Finding) {
	over := time.NewTimer(limit)
	defer over.Stop()
	ended := make([]bool, len(jobs))
	var untried []*job
	for range jobs {
		select {
		case r := <-results:
			ended[r.index] = true
			findings = append(findings, r.findings...)
			if r.untried {
				untried = append(untried, &jobs[r.index])
			}
			over.Reset(limit)
			continue
		case <-over.C:
		}
		for i := range jobs {
			if !ended[i] {
				findings = append(findings, jobs[i].late(limit))
			}
		}
		break
	}
	return append(findings, rights(untried)...)
}

// late says what a job waits for.
func (j *job) late(limit time.Duration) Finding {
	at := j.stage.Load()
	if at == nil {
		return Finding{
			Key: j.key(), Stuck: true, Message: j.of("not looked at: too much else does not answer"),
			Hint: "check again when that does",
		}
	}
	return Finding{
		Key: j.key(at.key), Stuck: true, Error: j.spec != nil,
		Message: j.of(fmt.Sprintf("%s has not answered for %v", at.what, limit)),
		Hint:    "a start would wait for it, too: is it on a file system whose server is gone?",
	}
}

// rights is one warning for all services whose users' rights could not be tried.
func rights(untried []*job) []Finding {
	if len(untried) == 0 {
		return nil
	}
	const most = 5
	var names []string
	for _, j := range untried {
		names = append(names, j.name())
	}
	slices.Sort(names)
	if len(names) > most {
		names = append(names[:most], fmt.Sprintf("%d more", len(names)-most))
	}
	return []Finding{{
		Key:     untried[0].key("user"),
		Message: fmt.Sprintf("not tried, as only root can: what other users may do, which is for %s", strings.Join(names, ", ")),
		Hint:    "check as root, if root is who runs it",
	}}
}
