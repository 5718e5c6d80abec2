package launch

import (
	"strings"
	"sync"

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
