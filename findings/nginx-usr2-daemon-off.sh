#!/bin/sh
# nginx in the foreground does not replace its own binary.
#
# On SIGUSR2 nginx is to execute its binary anew and to go on beside the new master, which
# http://nginx.org/en/docs/control.html calls upgrading an executable on the fly. With
# "daemon off;" it refuses for as long as its parent is the one that has started it: it takes
# itself for the new one of two masters ("the changing binary signal is ignored"). Every
# supervisor that starts nginx as its child meets that, containers included. Once the parent
# has ended, and nginx is the child of a subreaper or of PID 1, it obeys.
#
# Seen with nginx 1.22.1-9+deb12u11 of Debian 12. Needs nginx, and no rights. Exits 0 while
# that is so, 1 when it has changed.
set -eu

nginx=$(command -v nginx || echo /usr/sbin/nginx)
[ -x "$nginx" ] || { echo "nginx is not installed" >&2; exit 2; }
dir=$(mktemp -d)
echo "pid $dir/pid; error_log stderr notice; worker_processes 1; events {} http { access_log off;
	client_body_temp_path $dir/1; proxy_temp_path $dir/2; fastcgi_temp_path $dir/3; uwsgi_temp_path $dir/4; scgi_temp_path $dir/5;
	server { listen unix:$dir/socket; } }" >"$dir/conf"

finish() {
	for process in /proc/[0-9]*; do
		! grep -aqsF "$dir/conf" "$process/cmdline" || kill -TERM "${process#/proc/}" 2>/dev/null || true
	done
	sleep 0.5
	rm -rf "$dir"
}
trap finish EXIT

# await FILE: waits for a file, for ten seconds at most.
await() {
	for _ in $(seq 100); do
		[ ! -s "$1" ] || return 0
		sleep 0.1
	done
	return 1
}

"$nginx" -v

# As the child of who has started it:
"$nginx" -c "$dir/conf" -g 'daemon off;' 2>"$dir/child" &
await "$dir/pid"
sleep 0.3
kill -USR2 "$(cat "$dir/pid")"
sleep 1
grep 'signal is ignored' "$dir/child" || { echo "CHANGED: it does not ignore SIGUSR2 any more"; exit 1; }
[ ! -e "$dir/pid.oldbin" ] || { echo "CHANGED: there is a new master"; exit 1; }
kill -TERM "$(cat "$dir/pid")"
wait

# As an orphan, of a shell that lives until nginx has looked who its parent is:
("$nginx" -c "$dir/conf" -g 'daemon off;' 2>"$dir/orphan" & sleep 2)
await "$dir/pid"
kill -USR2 "$(cat "$dir/pid")"
await "$dir/pid.oldbin" || { echo "CHANGED: it does not obey as an orphan either"; exit 1; }
grep -o 'start new binary process.*' "$dir/orphan"
echo "as found: ignored as a child, obeyed as an orphan"
