#!/usr/bin/env bash
# Measures by supervise lab profile what real programs do with each signal, and prints the second
# part of docs/programs.md: make programs.
#
#	internal/programs/profiles.sh SUPERVISE >>docs/programs.md
#	internal/programs/profiles.sh SUPERVISE PACKAGE...   # the rows of these: dash, npm
#
# As root on Debian, with Node.js and npm. The rest is installed where it is missing; no service
# is started for that. Each start of a program is in a namespace of its own that ends with it.
set -euo pipefail

supervise=$(readlink -f "$1")
shift
port=18477 # and the next one
. "$(dirname "$0")/install.sh"
install nginx-light redis-server postgresql apache2-bin php-fpm haproxy memcached rsyslog openssh-server mariadb-server bash dash busybox-static python3 default-jre-headless jq
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
cd "$work"
export PATH=$PATH:/usr/sbin npm_config_update_notifier=false npm_config_cache=$work/cache

# version prints that of a package, or what stands behind a =.
version() { case $1 in *=*) echo "${1#*=}" ;; *) dpkg-query -W -f='${Version}' "$1" ;; esac; }

# cells makes a row of a profile: the effects of each signal, briefly.
read -r -d '' cells <<'JQ' || true
def exit: .exit | if . == null then "" elif .signal then "by \(.signal)" else "with \(.code)" end;
def left: if .left then "; leaves " + (.left | join(", ")) else "" end;
def cell:
  if .error then "?"
  elif .effect == "ends" then (if .took_ns >= 500000000 then "ends after \(.took_ns / 100000000 | round / 10) s " else "ends " end) + exit + left
  elif .effect == "nothing seen" then (if .disposition == "caught" then "handled, goes on" elif .disposition == "ignored" then "ignored" else "-" end)
  elif .effect == "replaces its processes" then "replaces workers"
  else .effect + left end;
def during: [.probes[] | select(.delay_ns >= 0) | if .effect == "nothing seen" then "lost" elif .error then "?" else "ends " + exit + left end] | unique | join(" or ");
def probe($name): [.probes[] | select(.probe == $name) | cell] | first;
[.probes[].probe] as $names
| "| " + ([probe("SIGTERM"), probe("SIGINT"), probe("SIGQUIT"), probe("SIGHUP"), probe("SIGUSR1"), probe("SIGUSR2"), probe("SIGWINCH"), probe("SIGTERM twice"), during, probe("SIGTERM as PID 1")] | join(" | ")) + " |"
JQ

chosen=("$@")
# row NAME PACKAGE OPTIONS... -- COMMAND...: measures a program and prints its row.
row() {
	local name=$1 package=$2
	shift 2
	if [ ${#chosen[@]} -gt 0 ] && [[ " ${chosen[*]} " != *" ${package%%=*} "* ]]; then return; fi
	if ! timeout 600 "$supervise" lab profile --limit 3s --format json "$@" >profile.json 2>profile.err; then
		echo "$name: $(cat profile.err)" >&2
		return
	fi
	echo "| $name | $(version "$package") $(jq -r "$cells" profile.json)"
	echo "measured $name" >&2
}

mkdir -p web pg maria redis sshd
chmod 777 . web
postgres=$(ls -d /usr/lib/postgresql/*/bin | tail -1)
chown postgres pg
setpriv --reuid=postgres --regid=postgres --clear-groups "$postgres/initdb" -D "$work/pg" -A trust >/dev/null 2>&1
chown mysql maria
mariadb-install-db --user=mysql --datadir="$work/maria" --skip-test-db >/dev/null 2>&1
ssh-keygen -q -t ed25519 -N '' -f sshd/key
[ -d /run/sshd ] || { mkdir /run/sshd && trap 'rm -rf "$work"; rmdir /run/sshd' EXIT; }
cat >sshd/conf <<S
ListenAddress 127.0.0.1:$port
HostKey $work/sshd/key
PidFile none
S
cat >nginx.conf <<N
pid $work/nginx.pid; error_log stderr; events {} http { access_log off; server { listen 127.0.0.1:$port; } }
N
cat >apache.conf <<A
ServerName localhost
ServerRoot $work
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
PidFile $work/apache.pid
ErrorLog $work/apache.log
Listen 127.0.0.1:$port
DocumentRoot $work/web
User www-data
Group www-data
A
printf '[global]\nerror_log = %s/fpm.log\n[www]\nuser = www-data\nlisten = 127.0.0.1:%s\npm = static\npm.max_children = 2\n' "$work" $port >fpm.conf
printf 'defaults\n mode http\n timeout connect 1s\n timeout client 1s\n timeout server 1s\nlisten it\n bind 127.0.0.1:%s\n' $port >haproxy.conf
printf 'module(load="imuxsock" SysSock.Name="%s/log")\n*.* %s/messages\n' "$work" "$work" >rsyslog.conf
echo '{"name":"app","version":"1.0.0","private":true,"scripts":{"serve":"node app.js"}}' >package.json
echo "require('http').createServer((q, r) => r.end('ok')).listen($port, '127.0.0.1')" >app.js
php=$(ls /usr/sbin/php-fpm* | tail -1)
socket=(--socket 127.0.0.1:$port)

cat <<'HEAD'

## What programs do with each signal

Measured by `supervise lab profile`, with a fresh start for each signal and nothing to do: `make programs`. The signal went to
the main process, which had three seconds. "Handled, goes on": there is a handler, and nothing else was seen; "-": nothing
was seen of the default action; "while it starts": SIGTERM 0, 1, 5, 20 and 100 ms after execve(2), and "lost" means that
the program ran on. Commands that interpret, such as shells, run something that does nothing.

`supervise check` warns of a service whose ladder has, beside SIGKILL, only signals by which its program does not end, or is
killed. It does so for postgres and SIGTERM, too, which waits for its clients: tried by hand with version 15 and a client in a
query, it was still there after 6 s; SIGINT ended it within a second; after SIGQUIT it recovered at its next start.

| program | version | TERM | INT | QUIT | HUP | USR1 | USR2 | WINCH | TERM twice | TERM while it starts | TERM as PID 1 |
|---|---|---|---|---|---|---|---|---|---|---|---|
HEAD
row "\`nginx -g 'daemon off;'\`" nginx "${socket[@]}" -- nginx -c "$work/nginx.conf" -g 'daemon off;'
row '`apache2 -D FOREGROUND`' apache2-bin "${socket[@]}" -- sh -c "rm -f '$work/apache.pid'; exec apache2 -D FOREGROUND -f '$work/apache.conf'"
row '`php-fpm --nodaemonize`' "$(basename "$php" | sed 's/php-fpm\(.*\)/php\1-fpm/')" "${socket[@]}" -- "$php" --nodaemonize -y "$work/fpm.conf"
row '`haproxy -db`' haproxy "${socket[@]}" -- haproxy -db -f "$work/haproxy.conf"
row '`haproxy -W -db`' haproxy "${socket[@]}" -- haproxy -W -db -f "$work/haproxy.conf"
row '`redis-server`' redis-server "${socket[@]}" -- redis-server --port $port --bind 127.0.0.1 --dir "$work/redis"
row '`memcached`' memcached "${socket[@]}" -- memcached -u nobody -l 127.0.0.1 -p $port
row '`postgres`' "postgresql-$(basename "$(dirname "$postgres")")" "${socket[@]}" -- sh -c "rm -f '$work/pg/postmaster.pid'; exec setpriv --reuid=postgres --regid=postgres --clear-groups '$postgres/postgres' -D '$work/pg' -p $port -k '$work' -h 127.0.0.1"
row '`mariadbd`' mariadb-server "${socket[@]}" -- mariadbd --no-defaults --user=mysql --datadir="$work/maria" --socket="$work/maria.sock" --bind-address=127.0.0.1 --port=$port
row '`rsyslogd -n`' rsyslog -- sh -c "rm -f '$work/rsyslog.pid'; exec rsyslogd -n -f '$work/rsyslog.conf' -i '$work/rsyslog.pid'"
row '`sshd -D`' openssh-server "${socket[@]}" -- /usr/sbin/sshd -D -e -f "$work/sshd/conf"
row "\`bash -c 'sleep 60; true'\`" bash -- bash -c 'sleep 60; true'
row "\`dash -c 'sleep 60; true'\`" dash -- dash -c 'sleep 60; true'
row "\`busybox sh -c 'sleep 60; true'\`" busybox-static -- busybox sh -c 'sleep 60; true'
row '`busybox httpd -f`' busybox-static "${socket[@]}" -- busybox httpd -f -p 127.0.0.1:$port
row '`python3 -m http.server`' python3 "${socket[@]}" -- /usr/bin/python3 -m http.server --bind 127.0.0.1 --directory "$work/web" $port
row '`node app.js`' nodejs "${socket[@]}" -- node "$work/app.js"
row '`npm run serve`' "npm=$(npm --version)" "${socket[@]}" -- npm --prefix "$work" run serve
row '`java`' "$(dpkg -S "$(readlink -f "$(command -v java)")" | cut -d: -f1)" "${socket[@]}" -- java -m java.rmi/sun.rmi.registry.RegistryImpl $port
