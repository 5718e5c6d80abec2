// Package launch starts the main process of a service, or a hook, as the configuration says:
// its user, environment, program, limits and core dump filter.
//
//	identity, err := launch.Identify(service) // once: databases of users may be slow
//	launcher := launch.New(os.Environ(), launch.Rlimit(in.Inherited().NoFile))
//	child, err := launcher.Start(launch.Service{
//		Config: service, Identity: identity,
//		Marks:  root.Environment(service.Name),
//		Cgroup: tree, Files: files,
//	})
//	if err != nil && launch.Temporary(err) {
//		// for want of memory, say: the same start may succeed later
//	}
//
// Each start reads the environment file and looks up the program in PATH. So a start waits
// for the disk: for both of these, and for the kernel to load the program. Where that does not
// answer it waits for ever; [Service.Progress] says for what, and can give it up.
//
// The package does not decide when to start what (package machine does), does not fork
// (package process does), and knows neither cgroups nor log files: [Cgroup] returns the
// descriptor of one, and the caller gives those of the output.
package launch
