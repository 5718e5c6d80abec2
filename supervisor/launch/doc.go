// Package launch turns what the configuration says of a service, or of a hook, into a
// started process: who it runs as, its environment, its program, limits and core dump
// filter.
//
//	identity, err := launch.Identify(service) // once: databases of users may be slow
//	launcher := launch.New(os.Environ(), launch.Rlimit(in.Inherited().NoFile))
//	child, err := launcher.Start(launch.Service{
//		Config: service, Identity: identity,
//		Marks:  root.Environment(service.Name),
//		Cgroup: tree, Output: route,
//	})
//	if err != nil && launch.Temporary(err) {
//		// something was short: the same start may succeed later
//	}
//
// A start reads the environment file and looks the program up in PATH each time, so that
// changes count from the next start on. It waits for the disk: for both of these, and for
// the kernel to load the program.
//
// It does not decide when to start what (package machine does), does not fork itself
// (package process does), and knows neither cgroups nor log files: it is given a descriptor
// of each by [Cgroup] and [Output].
package launch
