package environ

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// TestFor puts environments together: the first entry of a name counts.
func TestFor(t *testing.T) {
	inherited := New([]string{"PATH=/bin", "LANG=C", "PATH=/second", "EMPTY=", "odd"}, 0, "/")
	for _, c := range []struct{ own, want []string }{
		{nil, []string{"PATH=/bin", "LANG=C", "EMPTY=", "odd"}},
		{[]string{"A=1", "A=2"}, []string{"A=1", "PATH=/bin", "LANG=C", "EMPTY=", "odd"}},
		{[]string{"LANG=de", "PATH="}, []string{"LANG=de", "PATH=", "EMPTY=", "odd"}},
		{[]string{"PATHS=1", "PAT=2"}, []string{"PATHS=1", "PAT=2", "PATH=/bin", "LANG=C", "EMPTY=", "odd"}},
		{[]string{"odd=1", "EMPTY=full"}, []string{"odd=1", "EMPTY=full", "PATH=/bin", "LANG=C"}},
	} {
		if got := inherited.For(&Recipient{Own: c.own}); !slices.Equal(got, c.want) {
			t.Errorf("%q: %q, want %q", c.own, got, c.want)
		}
	}
}

// TestClasses goes through who gets what.
func TestClasses(t *testing.T) {
	for _, c := range []struct {
		class   Class
		entries []string
	}{
		{Protocol, []string{
			"NOTIFY_SOCKET=/run/systemd/notify", "WATCHDOG_USEC=1", "WATCHDOG_PID=1", "LISTEN_FDS=1", "LISTEN_PID=1", "LISTEN_FDNAMES=a",
			"LISTEN_PIDFDID=9", "INVOCATION_ID=x", "JOURNAL_STREAM=8:9", "SYSTEMD_EXEC_PID=1", "MAINPID=1", "MANAGERPID=1", "FDSTORE=1",
			"CREDENTIALS_DIRECTORY=/run/credentials/x", "STATE_DIRECTORY=/var/lib/x", "MEMORY_PRESSURE_WATCH=/sys/x", "MONITOR_UNIT=x",
			"DBUS_STARTER_ADDRESS=unix:x", "SUPERVISOR_SERVER_URL=unix:x", "NODE_CHANNEL_FD=3", "SUPERVISE_SENDER=7",
			"MAKEFLAGS= -j --jobserver-auth=3,4", "CARGO_MAKEFLAGS=-j --jobserver-fds=3,4", "NOTIFY_SOCKET=",
		}},
		{Shell, []string{"PWD=/", "OLDPWD=/root", "_=/usr/bin/supervise"}},
		{Person, []string{
			"HOME=/root", "USER=root", "LOGNAME=root", "SHELL=/bin/bash", "MAIL=/var/mail/root", "XDG_RUNTIME_DIR=/run/user/0",
			"XDG_CONFIG_HOME=/root/.config", "XDG_SESSION_ID=3", "XDG_", "SUDO_USER=me", "SUDO_COMMAND=x", "DOAS_USER=me",
			"DBUS_SESSION_BUS_ADDRESS=unix:x", "SSH_AUTH_SOCK=/tmp/x", "SSH_CONNECTION=x", "GNUPGHOME=/root/.gnupg", "KRB5CCNAME=/tmp/krb5cc_0",
			"XAUTHORITY=/root/.Xauthority", "TMPDIR=/tmp/user/0", "TMP=/root/tmp", "TEMP=/root",
		}},
		{Plain, []string{
			"PATH=/bin", "LANG=C", "TZ=UTC", "TERM=xterm", "HOSTNAME=x", "container=docker", "KUBERNETES_SERVICE_HOST=x", "DISPLAY=:1",
			"LISTEN_ADDRESS=:80", "LISTEN_PORT=80", "WATCHDOG_INTERVAL=3", "MONITOR_URL=x", "STATE=x", "MAKEFLAGS=-j4", "USERS=3", "HOMEPAGE=x",
			"XDG_DATA_DIRS=/usr/share", "XDG_CONFIG_DIRS=/etc/xdg", "SSH_HOST=x", "SHELLS=x", "TMPDIR=/var/tmp", "TEMP=/data/10", "TMP=/rooted",
			"SUPERVISE_RUNTIME_DIR=/run/s", "GOMAXPROCS=2", "http_proxy=x", "home=/x",
		}},
	} {
		for _, entry := range c.entries {
			environ := []string{entry}
			if !strings.HasPrefix(entry, "HOME=") {
				environ = append(environ, "HOME=/root")
			}
			for _, another := range []bool{false, true} {
				got := New(environ, 0, "").For(&Recipient{AnotherUser: another})
				want := c.class == Plain || c.class == Person && !another
				if slices.Contains(got, entry) != want {
					t.Errorf("%s: it is %v that another user's service gets it (%v)", entry, !want, another)
				}
			}
			if got := New([]string{"HOME=/root", entry}, 0, "").For(&Recipient{Own: []string{entry}, AnotherUser: true}); got[0] != entry {
				t.Errorf("its own %s: %q", entry, got)
			}
		}
	}
}

func TestOwnStreams(t *testing.T) {
	inherited := New([]string{"JOURNAL_STREAM=8:9", "INVOCATION_ID=x"}, 0, "")
	if got := inherited.For(&Recipient{OwnStreams: true}); !slices.Equal(got, []string{"JOURNAL_STREAM=8:9"}) {
		t.Errorf("%q", got)
	}
}

func TestPassed(t *testing.T) {
	inherited := New([]string{"NOTIFY_SOCKET=/s", "HOME=/root", "A=1"}, 0, "")
	got := inherited.Passed([]string{"HOME", "NONE", "NOTIFY_SOCKET"})
	if !slices.Equal(got, []string{"HOME=/root", "NOTIFY_SOCKET=/s"}) {
		t.Errorf("%q", got)
	}
}

// TestPWD looks at what PWD names: the directory that the recipient starts in, or nothing.
func TestPWD(t *testing.T) {
	for _, c := range []struct {
		inherited, cwd, directory, own, want string
	}{
		{want: ""},
		{cwd: "/c", want: ""},
		{inherited: "/stale", cwd: "/c", want: "/c"},
		{inherited: "/c", cwd: "/c", want: "/c"},
		{inherited: "", cwd: "", directory: "/d", want: "/d"},
		{inherited: "/c", cwd: "/c", directory: "/d", want: "/d"},
		{inherited: "/c", cwd: "/c", directory: "/d", own: "/mine", want: "/mine"},
		{inherited: "/c", cwd: "/c", own: "/mine", want: "/mine"},
		{inherited: "/c", cwd: "/c", directory: "/d/../e", want: ""},
		{inherited: "/c", cwd: "/c", directory: "/d/", want: ""},
		{inherited: "/c", cwd: "", want: ""},                // it was removed
		{inherited: "/c", cwd: "(unreachable)/c", want: ""}, // getcwd(3)
		{inherited: "/c", cwd: "/c (deleted)", directory: "/", want: "/"},
	} {
		environ, recipient := []string{"OLDPWD=/old"}, Recipient{Directory: c.directory}
		if c.inherited != "" {
			environ = append(environ, "PWD="+c.inherited)
		}
		if c.own != "" {
			recipient.Own = []string{"PWD=" + c.own}
		}
		env := New(environ, 0, c.cwd).For(&recipient)
		if got, _ := Lookup(env, "PWD"); got != c.want || len(env) > 1 {
			t.Errorf("%+v: %q", c, env)
		}
	}
}

// TestDocumented finds every name in the documentation, and in one list alone.
func TestDocumented(t *testing.T) {
	page, err := os.ReadFile("../../../docs/environment.md")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, name := range slices.Concat(protocol, shell, person, personExcept, temporary) {
		if !strings.Contains(string(page), "`"+name+"`") {
			t.Errorf("docs/environment.md does not have `%s`", name)
		}
		if seen[name] {
			t.Errorf("%s is there twice", name)
		}
		seen[name] = true
	}
}
