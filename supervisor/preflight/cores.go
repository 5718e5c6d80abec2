package preflight

import "supervise/coredump/settings"

// cores looks at whether the cores can be collected that the configuration wants. Without that
// the services run all the same.
func (l *look) cores() {
	core := &l.file.Core
	if len(core.OnCore) > 0 {
		l.begin("core", "the program of on-core, %q", core.OnCore[0])
		if err := l.hook(core.OnCore[0]); err != nil {
			l.warn([]string{"core", "on-core"}, "", "the program of on-core cannot be run: %v", err)
		}
	}
	l.begin("core", "core_pattern")
	kernel, err := settings.Read()
	if err != nil {
		return // as in a container without /proc/sys: doctor tells of it
	}
	for i := range l.file.Services {
		service := &l.file.Services[i]
		if d := service.Core.Dumpable; d != nil && *d && !core.Install && kernel.SuidDumpable != 2 {
			l.warn([]string{"service", service.Name, "core", "dumpable"}, "write install = true in [core], or sysctl -w fs.suid_dumpable=2",
				"there are no cores of processes that have changed their user or group: fs.suid_dumpable is %d", kernel.SuidDumpable)
		}
	}
}
