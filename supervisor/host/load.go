package host

import (
	"fmt"

	"supervise/config"
	"supervise/config/accounts"
	"supervise/supervisor/kernel"
	"supervise/supervisor/launch"
	"supervise/supervisor/output"
)

// configuration is a file with everything that applying it needs. It implements
// [kernel.Configuration].
type configuration struct {
	host         *Host
	file         *config.File
	identities   []launch.Identity // of file.Services, by index
	destinations []output.Destination
}

// Load reads a configuration. It is an error if a log file cannot be opened, unless that
// file is in use and could not be opened before either.
func (h *Host) Load(path string, how kernel.Loading) (kernel.Configuration, error) {
	missing := make(chan map[string]bool, 1)
	h.Post(func() { missing <- h.outputs.Missing() })
	load := config.Load
	if how.Confined {
		load = config.LoadOursAlone
	}
	file, err := load(path, accounts.Host{})
	if err != nil {
		return nil, err
	}
	open := h.outputs.Open
	if how.Dry {
		open = output.Check
	}
	c := &configuration{host: h, file: file}
	if err := c.prepare(open, <-missing); err != nil {
		c.Release()
		return nil, err
	}
	return c, nil
}

// Prepare does for the first configuration what Load does for others. A log file that cannot
// be opened is not an error then.
func (h *Host) Prepare(file *config.File) (kernel.Configuration, error) {
	c := &configuration{host: h, file: file}
	return c, c.prepare(h.outputs.Open, nil)
}

// prepare looks up the users of the services, and opens their logs. known are the log files
// that may be missing, nil stands for all.
func (c *configuration) prepare(open func(config.Log) (output.Destination, error), known map[string]bool) error {
	c.identities = make([]launch.Identity, 0, len(c.file.Services))
	c.destinations = make([]output.Destination, 0, len(c.file.Services))
	for i := range c.file.Services {
		spec := &c.file.Services[i]
		identity, err := launch.Identify(spec)
		if err != nil {
			return fmt.Errorf("service %q: %w", spec.Name, err)
		}
		destination, err := open(spec.Log)
		if err == nil && known != nil && !known[spec.Log.File] {
			err = destination.Missing()
		}
		if err != nil {
			return fmt.Errorf("service %q: %w", spec.Name, err)
		}
		c.identities = append(c.identities, identity)
		c.destinations = append(c.destinations, destination)
	}
	c.host.launcher.FindPrograms(c.file.Services, c.identities)
	return nil
}

// File is the configuration.
func (c *configuration) File() *config.File { return c.file }

// Service applies the settings of a service.
func (c *configuration) Service(i int, known kernel.Service) kernel.Service {
	spec := &c.file.Services[i]
	s, ok := known.(*service)
	if ok {
		s.route.Update(c.destinations[i])
		s.changeCores(s.spec.Core, spec.Core)
	} else {
		s = &service{
			host: c.host, tree: c.host.root.Service(spec.Name),
			route: c.host.outputs.Route(spec.Name, c.destinations[i]),
		}
	}
	s.spec, s.identity = spec, c.identities[i]
	c.host.cores.configure(c.file, s)
	return s
}

// Release closes the log files.
func (c *configuration) Release() {
	for _, d := range c.destinations {
		d.Close()
	}
}
