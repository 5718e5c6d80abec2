package environ

import (
	"slices"
	"strconv"
	"strings"
)

// Class says whom a variable is about.
type Class uint8

// The classes.
const (
	Plain Class = iota // nobody in particular
	Protocol
	Shell
	Person
)

// protocol are names, and no patterns: LISTEN_ADDRESS, WATCHDOG_INTERVAL and MONITOR_URL
// are programs' own.
var protocol = []string{
	// systemd.exec(5): about the unit, or for its main process.
	"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "FDSTORE",
	"LISTEN_FDS", "LISTEN_PID", "LISTEN_PIDFDID", "LISTEN_FDNAMES",
	"INVOCATION_ID", "JOURNAL_STREAM", "LOG_NAMESPACE", "DEBUG_INVOCATION",
	"SYSTEMD_EXEC_PID", "MAINPID", "MAINPIDFDID", "MANAGERPID", "MANAGERPIDFDID",
	"CREDENTIALS_DIRECTORY", "ENCRYPTED_CREDENTIALS_DIRECTORY",
	"RUNTIME_DIRECTORY", "STATE_DIRECTORY", "CACHE_DIRECTORY", "LOGS_DIRECTORY", "CONFIGURATION_DIRECTORY",
	"MEMORY_PRESSURE_WATCH", "MEMORY_PRESSURE_WRITE",
	"SYSTEMD_ACTIVATION_UNIT", "SYSTEMD_ACTIVATION_SCOPE",
	"TRIGGER_UNIT", "TRIGGER_PATH", "TRIGGER_TIMER_REALTIME_USEC", "TRIGGER_TIMER_MONOTONIC_USEC",
	"MONITOR_SERVICE_RESULT", "MONITOR_EXIT_CODE", "MONITOR_EXIT_STATUS", "MONITOR_INVOCATION_ID", "MONITOR_UNIT",
	// D-Bus and desktops: who has started the program, and for what.
	"DBUS_STARTER_ADDRESS", "DBUS_STARTER_BUS_TYPE",
	"DESKTOP_STARTUP_ID", "XDG_ACTIVATION_TOKEN", "GIO_LAUNCHED_DESKTOP_FILE", "GIO_LAUNCHED_DESKTOP_FILE_PID",
	// Other service managers.
	"UPSTART_JOB", "UPSTART_INSTANCE", "UPSTART_EVENTS", "UPSTART_FDS", "UPSTART_SESSION",
	"SUPERVISOR_ENABLED", "SUPERVISOR_PROCESS_NAME", "SUPERVISOR_GROUP_NAME", "SUPERVISOR_SERVER_URL",
	"RC_SVCNAME", "RC_SERVICE", "DINIT_CS_FD", "DINIT_SERVICENAME", "DINIT_SERVICEDSCNAME",
	// Descriptors, by number, that services do not have.
	"NODE_CHANNEL_FD", "NODE_CHANNEL_SERIALIZATION_MODE", "NODE_UNIQUE_ID",
	"SERVER_STARTER_PORT", "SERVER_STARTER_GENERATION", "WAYLAND_SOCKET",
	// A hook of another supervise.
	"SUPERVISE_SIGNAL", "SUPERVISE_SENDER", "SUPERVISE_VALUE",
}

// jobServer is what MAKEFLAGS and its like have in them where make(1) passes descriptors on.
const jobServer = "--jobserver-"

var shell = []string{"PWD", "OLDPWD", "_"}

// person are the names, and personPrefixes how names begin, but for personExcept: those are
// the same for all users.
var (
	person = []string{
		"HOME", "USER", "LOGNAME", "LNAME", "USERNAME", "SHELL", "MAIL", "MAILDIR",
		"DOAS_USER", "PKEXEC_UID", "PKEXEC_AGENT",
		"SSH_AUTH_SOCK", "SSH_AGENT_PID", "SSH_CLIENT", "SSH_CONNECTION", "SSH_TTY",
		"SSH_ORIGINAL_COMMAND", "SSH_USER_AUTH", "SSH_ASKPASS", "SSH_ASKPASS_REQUIRE",
		"GNUPGHOME", "GPG_AGENT_INFO", "GPG_TTY", "KRB5CCNAME",
		"GNOME_KEYRING_CONTROL", "GNOME_KEYRING_PID",
		"DBUS_SESSION_BUS_ADDRESS", "DBUS_SESSION_BUS_PID", "DBUS_SESSION_BUS_WINDOWID",
		"XAUTHORITY", "ICEAUTHORITY", "WAYLAND_DISPLAY", "SESSION_MANAGER", "DESKTOP_SESSION",
		"PULSE_COOKIE", "PULSE_RUNTIME_PATH",
		"HISTFILE", "ZDOTDIR", "TMUX", "TMUX_PANE", "TMUX_TMPDIR", "STY",
	}
	personPrefixes = []string{"SUDO_", "XDG_"}
	personExcept   = []string{"XDG_DATA_DIRS", "XDG_CONFIG_DIRS"}
)

// temporary are the names of directories that all users have in common, or of one that is
// the user's alone: pam_mktemp and libpam-tmpdir make those.
var temporary = []string{"TMPDIR", "TMP", "TEMP", "TEMPDIR"}

// class finds out whom a variable of a user's environment is about.
func class(name, value, home string, uid uint32) Class {
	prefixed := slices.ContainsFunc(personPrefixes, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
	switch {
	case slices.Contains(protocol, name), strings.Contains(value, jobServer):
		return Protocol
	case slices.Contains(shell, name):
		return Shell
	case slices.Contains(person, name), prefixed && !slices.Contains(personExcept, name):
		return Person
	case slices.Contains(temporary, name) && private(value, home, uid):
		return Person
	}
	return Plain
}

// private reports whether a directory is a user's alone, as far as its name tells: below his
// home, or with his uid for a name.
func private(dir, home string, uid uint32) bool {
	parts := strings.Split(dir, "/")
	return home != "" && home != "/" && strings.HasPrefix(dir+"/", home+"/") ||
		slices.Contains(parts, strconv.FormatUint(uint64(uid), 10))
}
