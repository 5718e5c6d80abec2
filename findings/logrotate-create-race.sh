#!/bin/sh
# logrotate 3.21.0 (Debian 12), create: it renames FILE, and makes a new one a moment later. If something has made FILE in
# between, such as a daemon that opens its log anew as soon as inotify tells, logrotate renames that to
# FILE-YYYYMMDDHH.backup, and the daemon writes to a file that nobody rotates:
#   error: destination FILE already exists, renaming to FILE-....backup
# So whoever notices by itself that its log was moved has to leave logrotate some time to make the new one.
set -eu
version=3.21.0-1
dir=$(mktemp -d)
maker=
trap '[ -z "$maker" ] || kill "$maker"; rm -rf "$dir"' EXIT
cd "$dir"
chmod 755 .
for package in "logrotate=$version" libpopt0; do
	apt-get -qq -o APT::Sandbox::User=root download "$package"
done
for deb in *.deb; do dpkg-deb -x "$deb" root; done
mkdir logs
cat >conf <<CONF
$dir/logs/web.log {
	create 0640
	rotate 200
}
CONF
chmod 644 conf
# It makes the file whenever there is none, for at most a minute.
timeout 60 python3 -c '
import os, sys
while True:
    try: os.close(os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640))
    except FileExistsError: pass' "$dir/logs/web.log" &
maker=$!
got=none
for _ in $(seq 100); do
	if LD_LIBRARY_PATH=$(dirname "$(find "$dir/root" -name 'libpopt.so.0' | head -1)") \
		"$dir/root/usr/sbin/logrotate" --force --state "$dir/state" conf 2>&1 | grep -q 'already exists, renaming to'; then
		got=renamed
		break
	fi
done
echo "logrotate $version: a file that is made between rename and create is $got"
ls logs | grep -q '\.backup$' && [ "$got" = renamed ] || { echo "changed; it was: renamed to FILE-DATE.backup"; exit 1; }
