package launch

import (
	"strings"
	"sync"
	"time"

	"supervise/config"
	"supervise/supervisor/launch/environ"
	"supervise/supervisor/process"
)

// programs remembers where commands were found, for starts that must not look for them. If one
// is there no more, the start fails, and a second one looks again.
type programs struct {
	mu    sync.Mutex
	found map[lookup]string
}

// lookup is a command in a PATH.
type lookup struct{ name, path string }

// manyPrograms bounds how many are remembered.
const manyPrograms = 1000

// find looks for a command in the PATH of its own environment.
func (p *programs) find(name string, env []string) (file string, err error) {
	path, havePath := environ.Lookup(env, "PATH")
	file, err = process.Lookup(name, path, havePath)
	if err != nil || strings.Contains(name, "/") {
		return file, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.found == nil || len(p.found) >= manyPrograms {
		p.found = map[lookup]string{}
	}
	p.found[lookup{name, path}] = file
	return file, nil
}

// findPatience is how long it is looked for programs in advance, where nothing may answer.
const findPatience = 200 * time.Millisecond

// FindPrograms looks for the programs of services in advance, so that [Launcher.Begin] knows them.
// identities are those of the services.
func (l *Launcher) FindPrograms(services []config.Service, identities []Identity) {
	found := make(chan struct{})
	go func() {
		defer close(found)
		type command struct {
			name, path  string
			anotherUser bool
		}
		seen := map[command]bool{}
		for i := range services {
			service := &services[i]
			c := command{service.Command[0], service.Environment["PATH"], identities[i].AnotherUser}
			if service.EnvironmentFile != "" || strings.Contains(c.name, "/") || seen[c] {
				continue
			}
			seen[c] = true
			if env, err := l.environment(&Service{Config: service, Identity: identities[i]}); err == nil {
				_, _ = l.programs.find(c.name, env) // whoever starts it says what is wrong
			}
		}
	}()
	timer := time.NewTimer(findPatience)
	defer timer.Stop()
	select {
	case <-found:
	case <-timer.C:
	}
}

// get is find without looking. A name with a slash is the file.
func (p *programs) get(name string, env []string) (file string, known bool) {
	if strings.Contains(name, "/") {
		return name, true
	}
	path, _ := environ.Lookup(env, "PATH")
	p.mu.Lock()
	defer p.mu.Unlock()
	file, known = p.found[lookup{name, path}]
	return file, known
}
