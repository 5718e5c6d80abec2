package launch

import (
	"fmt"
	"maps"
	"slices"

	"supervise/config"
	"supervise/supervisor/launch/environ"
)

// Environment returns what the main process of a service would get, but for its marks, without
// starting it. An error is about the environment file.
func (l *Launcher) Environment(service Service) ([]string, error) { return l.environment(&service) }

// environment puts together what the processes of a service get. What comes first counts:
// the marks, the service's own variables, those of its file, those that it is to get of the
// supervisor's, those of its user, and what package environ leaves of the supervisor's.
func (l *Launcher) environment(service *Service) ([]string, error) {
	spec := service.Config
	own := slices.Clone(service.Marks)
	for _, name := range slices.Sorted(maps.Keys(spec.Environment)) {
		own = append(own, name+"="+spec.Environment[name])
	}
	if spec.EnvironmentFile != "" {
		service.doing("read the environment file " + spec.EnvironmentFile)
		file, err := readEnvironmentFile(spec.EnvironmentFile, service.Identity.Credential)
		if err != nil {
			return nil, err
		}
		for _, note := range file.Notes {
			service.warn(fmt.Sprintf("environment file %s: %v", spec.EnvironmentFile, note))
		}
		slices.Reverse(file.Entries) // the last of a name counts
		own = append(own, file.Entries...)
	}
	own = append(own, l.inherited.Passed(spec.PassEnvironment)...)
	return l.inherited.For(&environ.Recipient{
		Own:         append(own, service.Identity.Environment...),
		AnotherUser: service.Identity.AnotherUser, Directory: spec.Directory,
		OwnStreams: spec.Log.Mode == config.Inherit,
	}), nil
}
