#!/usr/bin/env bash
# Measures what real programs do when they are told to stop, alone and below supervise run,
# and prints docs/programs.md: make programs.
#
#	internal/programs/measure.sh SUPERVISE >docs/programs.md
#
# As root on Debian, with Go, Node.js and npm. The rest is installed where it is missing: Debian's
# nginx-light, redis-server, apache2-bin, php-fpm, uwsgi-core, uwsgi-plugin-python3, and strace,
# of which no service is started, and into a temporary folder pnpm and yarn from npm's registry.
# Everything runs in a PID namespace of its own that ends with the script.
set -euo pipefail

pnpm=pnpm@10.18.3 yarn=yarn@1.22.22
port=18476 limit=6 # seconds that a program may take to stop

if [ -z "${MEASURE_INSIDE-}" ]; then
	supervise=$(readlink -f "$1")
	. "$(dirname "$0")/install.sh"
	install nginx-light redis-server apache2-bin php-fpm uwsgi-core uwsgi-plugin-python3 strace
	work=$(mktemp -d)
	trap 'rm -rf "$work"' EXIT
	chmod 755 "$work"
	npm install --silent --no-audit --no-fund --prefix "$work/node" "$pnpm" "$yarn" >&2
	MEASURE_INSIDE=1 PATH=$PATH:/usr/sbin timeout --foreground 600 \
		unshare --pid --fork --kill-child --mount-proc setsid "$0" "$supervise" "$work"
	exit
fi

supervise=$1 work=$2
cd "$work"
export GOCACHE=$(go env GOCACHE) GOFLAGS=-mod=mod
export npm_config_update_notifier=false npm_config_cache=$work/cache HOME=$work

# The program in question takes 1 s to end when it is told to, or as long as SLOW says.
cat >app.js <<'JS'
const fs = require('fs'), dir = __dirname
for (const s of ['SIGTERM', 'SIGINT', 'SIGQUIT'])
  process.on(s, () => {
    fs.appendFileSync(dir + '/told', s + '\n')
    setTimeout(() => { fs.writeFileSync(dir + '/finished', ''); process.exit(0) }, +(process.env.SLOW || 1000))
  })
setInterval(() => {}, 1000)
fs.writeFileSync(dir + '/ready', '')
JS
echo '{"name":"app","version":"1.0.0","private":true,"scripts":{"serve":"node app.js"}}' >package.json
echo 'package main; import ("os"; "os/signal"; "syscall"; "time"); func main() { c := make(chan os.Signal, 1); signal.Notify(c, syscall.SIGTERM); os.WriteFile("ready", nil, 0o644); <-c; time.Sleep(time.Second); os.WriteFile("finished", nil, 0o644) }' >app.go
echo 'def application(e, r): r("200 OK", []); return [b"ok"]' >app.py
mkdir -p web; chmod 777 . web
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
printf '[global]\nerror_log = %s/fpm.log\n[www]\nuser = www-data\nlisten = 127.0.0.1:%s\npm = static\npm.max_children = 2\n' "$work" "$port" >fpm.conf
fpm=$(ls /usr/sbin/php-fpm* | tail -1)

listening() { (: <>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; }
ready() { [ -e "$work/ready" ] || listening; }
# others are the living processes that are not in this script's session.
others() { ps -eo sid=,stat=,comm= | awk -v ours=$$ '$1 != ours && $2 !~ /^Z/ { print $3 }' | sort | uniq -c | awk '{ printf "%s%s %s", sep, $1, $2; sep = ", " }'; }
fresh() {
	rm -f ready told finished out dump.rdb ./*.pid
	rm -rf run
}
await() {
	for _ in $(seq 300); do
		"$@" && return
		sleep 0.05
	done
	return 1
}
since() { awk -v a="$1" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f s", b - a }'; }

# fate says what became of the program, which could be told, and could finish.
fate() {
	if [ -e finished ]; then echo "it finishes"; elif [ -e told ]; then echo "it is cut off"; elif [ "$app" = yes ]; then echo "it is not told"; fi
}

# alone prints what happens when the main process of a command is sent a signal.
alone() {
	fresh
	# A shell has what it starts in the background ignore SIGINT and SIGQUIT.
	setsid env --default-signal "${command[@]}" >out 2>&1 </dev/null &
	local main=$! start status=0 text
	await ready || { echo "did not start"; cat out >&2; kill -KILL -1; return; }
	${prepare:-:}
	sleep 0.3
	start=$EPOCHREALTIME
	if ! kill -"$signal" $main 2>/dev/null; then
		text="has ended before"
	else
		if [ -n "$then" ]; then sleep 1; kill -"$then" $main 2>/dev/null || true; fi
		for _ in $(seq $((limit * 20))); do kill -0 $main 2>/dev/null && [ "$(ps -o stat= -p $main | cut -c1)" != Z ] || break; sleep 0.05; done
		if [ -d /proc/$main ] && [ "$(ps -o stat= -p $main | cut -c1)" != Z ]; then
			text="still there after $limit s"
		else
			wait $main || status=$?
			text="ends after $(since "$start") with $status"
		fi
	fi
	sleep 0.2
	local left
	left=$(others)
	echo "$text$(and "$(fate)")$(and "${left:+it leaves $left}")$(and "$(listening && echo 'the port is taken' || true)")$(and "$(${probe:-:})")"
	kill -KILL -1 2>/dev/null || true
	sleep 0.1
}

and() { [ -z "$1" ] || echo "; $1"; }

# below prints what happens when it is a service that is stopped by the same signal.
below() {
	fresh
	{
		printf '[supervisor]\nruntime-dir = "%s/run"\n[service.it]\ndirectory = "%s"\ncommand = [' "$work" "$work"
		for word in "${command[@]}"; do printf '"%s", ' "${word//\"/\\\"}"; done
		printf ']\nstop.ladder = [{ signal = "SIG%s", timeout = "%s" }' "$signal" "$([ -n "$then" ] && echo 1s || echo ${limit}s)"
		[ -z "$then" ] || printf ', { signal = "SIG%s", timeout = "%ss" }' "$then" $limit
		printf ']\n'
	} >it.toml
	"$supervise" run --log-format text it.toml >out 2>&1 </dev/null &
	local run=$! start text
	if [ "$background" = yes ]; then
		await grep -q 'given up' out || true
		text=$(grep -o 'given up: it went into the background' out || echo "it was not noticed")
	else
		await ready || { echo "did not start"; cat out >&2; kill -KILL -1; return; }
		${prepare:-:}
		sleep 0.3
		start=$EPOCHREALTIME
		"$supervise" stop --runtime-dir run it >stop 2>&1 || true
		text="stopped after $(since "$start")$(grep -q 'killing all' out && echo ', by SIGKILL' || true)"
	fi
	echo "$text$(and "$(fate)")$(and "$(listening && echo 'the port is taken' || true)")$(and "$(${probe:-:})")"
	kill -TERM $run
	wait $run || true
	kill -KILL -1 2>/dev/null || true
}

# row NAME VERSION ADVICE COMMAND...: measures a program and prints its row.
row() {
	local name=$1 version=$2 advice=$3
	shift 3
	command=("$@")
	local shown=${signal}${then:+, then $then}
	echo "| $name | $version | $shown | $(alone) | $(below) | $advice |"
	echo "measured $name" >&2
}
reset() { signal=TERM then="" app=yes prepare="" probe="" background=no; unset SLOW; }

cat <<'HEAD'
<!-- Measured by internal/programs/measure.sh: make programs -->

# Programs that do not stop as they are told

`supervise check` warns where a service's command and its ladder make one of these pairs. What is said here was measured
with the versions named, on Debian 12, by sending the signal to the main process: alone, and as the rung of a ladder for
`supervise run`, which ends what is left in any case. The program that is to be stopped, where another one starts it,
takes a second to finish when it is told to.

| program | version | signal | alone | below supervise | write instead |
|---|---|---|---|---|---|
HEAD
node=$(node --version)
reset; row '`npm run`' "npm $(npm --version), node $node" '`command = ["node", "app.js"]`' npm run serve
reset; row '`pnpm run`' "${pnpm/@/ }" 'the same' node/node_modules/.bin/pnpm run serve
reset; row '`yarn run`' "${yarn/@/ }" 'the same' node/node_modules/.bin/yarn run serve
reset; signal=INT; row "\`sh -c\`" "dash $(dpkg-query -W -f='${Version}' dash)" '`exec` before the last command, or `scope = "group"`' sh -c 'node app.js; true'
reset; signal=QUIT; row "\`sh -c\`" "dash $(dpkg-query -W -f='${Version}' dash)" 'the same' sh -c 'node app.js; true'
reset; signal=INT; row "\`bash -c\`" "bash $(dpkg-query -W -f='${Version}' bash)" 'the same' bash -c 'node app.js; true'
reset; signal=QUIT; row "\`bash -c\`" "bash $(dpkg-query -W -f='${Version}' bash)" 'the same' bash -c 'node app.js; true'
linux=$(dpkg-query -W -f='${Version}' util-linux)
reset; export SLOW=4000; row '`runuser`, the program takes 4 s' "util-linux $linux" '`user = "nobody"`' runuser -u nobody -- env SLOW=4000 node app.js
reset; export SLOW=4000; row '`su`, the program takes 4 s' "util-linux $linux" '`user = "nobody"`' su -s /bin/sh nobody -c 'SLOW=4000 node app.js'
reset; row '`strace -o`' "strace $(dpkg-query -W -f='${Version}' strace)" '`strace -I 2 -o`' strace -f -o /dev/null node app.js
reset; row '`strace -I 2 -o`' "strace $(dpkg-query -W -f='${Version}' strace)" '' strace -f -I 2 -o /dev/null node app.js
reset; row '`go run`' "$(go version | cut -d' ' -f3)" '`go build`, and run what that makes' go run app.go
uwsgi=$(uwsgi --version)
reset; app=no; row '`uwsgi --master`' "uwsgi $uwsgi" '`--die-on-term`, or `stop.signal = "SIGINT"`' uwsgi --master --http-socket 127.0.0.1:$port --plugin python3 --wsgi-file app.py
reset; app=no; row '`uwsgi --master --die-on-term`' "uwsgi $uwsgi" '' uwsgi --master --die-on-term --http-socket 127.0.0.1:$port --plugin python3 --wsgi-file app.py
nginx=$(nginx -v 2>&1 | sed 's,.*/,,')
reset; app=no background=yes; row "\`nginx -g 'daemon on;'\`" "nginx $nginx" "\`daemon off;\`" nginx -c "$work/nginx.conf" -g 'daemon on;'
# Saving takes 0.1 s a key.
saved() { [ -s dump.rdb ] && echo "the data is saved" || echo "the data is lost"; }
fill() { for i in $(seq 30); do echo "SET key$i $i"; done | redis-cli -p $port >/dev/null; }
redis=$(redis-server --version | sed 's/.* v=\([^ ]*\).*/\1/')
reset; app=no prepare=fill probe=saved; row '`redis-server`, saving takes long' "redis $redis" '' redis-server --port $port --save "1 1000" --rdb-key-save-delay 100000 --dir "$work"
reset; app=no prepare=fill probe=saved then=INT; row '`redis-server`, saving takes long' "redis $redis" 'a longer `timeout` of SIGTERM, and no second rung' redis-server --port $port --save "1 1000" --rdb-key-save-delay 100000 --dir "$work"
apache=$(apache2 -v | sed -n 's,.*Apache/\([^ ]*\).*,\1,p')
for signal_ in TERM WINCH QUIT KILL; do
	reset; app=no signal=$signal_
	advice='SIGTERM, or SIGWINCH to finish requests'
	case $signal_ in TERM | WINCH) advice= ;; esac
	row '`apache2 -D FOREGROUND`' "apache $apache" "$advice" apache2 -D FOREGROUND -f "$work/apache.conf"
done
for signal_ in TERM QUIT KILL; do
	reset; app=no signal=$signal_
	advice='SIGQUIT to finish requests, then SIGTERM'
	case $signal_ in TERM | QUIT) advice= ;; esac
	row '`php-fpm --nodaemonize`' "PHP $("$fpm" -v | sed -n '1s/PHP \([^ ]*\).*/\1/p')" "$advice" "$fpm" --nodaemonize -y "$work/fpm.conf"
done
cat <<'TAIL'

Below supervise, what a main process leaves gets the rung that was reached, and what remains of its time. That is why a
program that `npm` does not tell can finish there; but `npm` has ended with 143 by then, and what the program exits with
is lost.

## Programs that go into the background

A daemon is nothing that can be supervised: its end is not noticed, its exit status is nobody's, and the next start finds
its port taken. When a service's main process exits well by itself within a minute, nobody having sent it a signal
through supervise, and others of it are still there half a second later, the service has gone into the background. What
is left is stopped by the ladder, and the service has `failed`, whatever its policy. `status`, `why` and the log say it in
one sentence, with what keeps the program in the foreground as far as that is known:

    web: given up: it went into the background, leaving pid 812 (nginx); give it -g 'daemon off;', or write daemon off; in its configuration

What is left and ends within that half second is no daemon: the service has completed.

## Programs that replace themselves

nginx, gunicorn and unicorn execute themselves anew at SIGUSR2, and the new master goes on when the old one is told to
end. Supervise follows: when a main process exits well by itself, and exactly one of its children is still in the session
of the service and has workers of its own, that one is the main process from then on. The service has neither ended nor
restarted, and `why` says that it has handed over. A worker is a fork of its master, in which no other program was
executed.

nginx with `daemon off;` ignores SIGUSR2 for as long as it is the child of the process that has started it, below any
supervisor and as PID 1 (`findings/nginx-usr2-daemon-off.sh`). It can be started by a shell that hands over to it:

```toml
[service.web]
command = ["sh", "-c", "/usr/sbin/nginx -g 'daemon off;' & until pgrep -P $! >/dev/null; do sleep 0.1; done"]
```
TAIL
