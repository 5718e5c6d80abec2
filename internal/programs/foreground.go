package programs

import (
	"slices"
	"strings"
)

// daemons are programs that become a daemon by themselves, and what keeps them from it.
var daemons = table[string]{
	{"apache2", "give it -D FOREGROUND"},
	{"apache2ctl", "give it -D FOREGROUND"},
	{"apachectl", "give it -D FOREGROUND"},
	{"atd", "give it -f"},
	{"caddy", "write caddy run instead of caddy start"},
	{"chronyd", "give it -n"},
	{"cron", "give it -f"},
	{"crond", "give it -f"},
	{"dnsmasq", "give it --keep-in-foreground"},
	{"dovecot", "give it -F"},
	{"exim4", "write -bdf instead of -bd"},
	{"gunicorn", "leave out --daemon, and daemon = True in its configuration"},
	{"haproxy", "give it -db, and leave out -D and daemon in its configuration"},
	{"httpd", "give it -D FOREGROUND"},
	{"keepalived", "give it --dont-fork"},
	{"lighttpd", "give it -D"},
	{"mariadbd", "leave out --daemonize"},
	{"memcached", "leave out -d"},
	{"mongod", "leave out --fork, and processManagement.fork in its configuration"},
	{"mosquitto", "leave out -d"},
	{"mysqld", "leave out --daemonize"},
	{"named", "give it -f"},
	{"nginx", "give it -g 'daemon off;', or write daemon off; in its configuration"},
	{"openvpn", "leave out --daemon"},
	{"pg_ctl", "run postgres itself"},
	{"pg_ctlcluster", "give it --foreground"},
	{"pgbouncer", "leave out -d"},
	{"php-fpm", "give it --nodaemonize"},
	{"postfix", "write postfix start-fg instead of postfix start"},
	{"proftpd", "give it --nodaemon"},
	{"redis-server", "give it --daemonize no, or write daemonize no in its configuration"},
	{"rpcbind", "give it -f"},
	{"rsyslogd", "give it -n"},
	{"slapd", "give it -d 0"},
	{"smbd", "give it --foreground"},
	{"snmpd", "give it -f"},
	{"squid", "give it --foreground"},
	{"sshd", "give it -D"},
	{"stunnel", "write foreground = yes in its configuration"},
	{"stunnel4", "write foreground = yes in its configuration"},
	{"supervisord", "give it --nodaemon"},
	{"tor", "give it --RunAsDaemon 0"},
	{"unbound", "give it -d"},
	{"unicorn", "leave out -D"},
	{"uwsgi", "leave out --daemonize, and daemonize in its configuration"},
	{"valkey-server", "give it --daemonize no, or write daemonize no in its configuration"},
	{"varnishd", "give it -F"},
	{"vsftpd", "write background=NO in its configuration"},
	{"zabbix_agentd", "give it --foreground"},

	// Those that start others:
	{"daemon", "run the program itself"},
	{"daemonize", "run the program itself"},
	{"invoke-rc.d", "run the program itself, as its init script does"},
	{"service", "run the program itself, as its init script does"},
	{"setsid", "leave out --fork (-f)"},
	{"start-stop-daemon", "leave out --background (-b)"},
	{"systemctl", "run the program itself, as its unit does"},
}

// inGeneral is the advice for programs that are not known.
const inGeneral = "start it so that it stays in the foreground, as an option like -F, --foreground or --no-daemon often does"

// Foreground says how to keep a command in the foreground that has gone into the background
// and left a process called left there.
func Foreground(command []string, left string) string {
	name := Name(command)
	for _, known := range []string{name, left} {
		if advice, ok := daemons.of(withoutVersion(known)); ok {
			if known != name {
				return "run " + known + " itself, and " + advice
			}
			return advice
		}
	}
	if slices.Contains(shells, name) {
		return "write no & after the last command, or wait for it with the shell's wait"
	}
	return inGeneral
}

// withoutVersion shortens php-fpm8.2 to php-fpm, and gunicorn-3 to gunicorn.
func withoutVersion(name string) string {
	return strings.TrimRight(strings.TrimRight(name, "0123456789."), "-")
}
