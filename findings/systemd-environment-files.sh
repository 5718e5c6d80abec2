#!/bin/sh
# systemd 252.39 (Debian 12) on lines that env files of docker, compose and dotenv have:
#   T="tok en" # note    becomes   tok en# note   (a comment behind quotes is joined to the value)
#   spring.url=1         is ignored               (docker passes it on)
#   a byte order mark    makes the first name invalid, and the line is ignored
#   export A=1           is ignored
# EnvironmentFile= and environment.d share the parser; the generator of the latter prints what it makes of a file.
set -eu
version=252.39-1~deb12u2
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
for package in systemd libsystemd-shared; do
	apt-get -qq -o APT::Sandbox::User=root download "$package=$version"
done
for deb in *.deb; do dpkg-deb -x "$deb" root; done
mkdir -p config/environment.d
{
	printf '\357\273\277B=bom\n'
	echo 'T="tok en" # note'
	echo 'spring.url=1'
	echo 'export A=1'
	echo 'C="x" # note'
} >config/environment.d/a.conf
got=$(env -i XDG_CONFIG_HOME="$dir/config" LD_LIBRARY_PATH="$(dirname "$(find "$dir/root" -name 'libsystemd-shared-*.so')")" SYSTEMD_LOG_LEVEL=crit \
	"$dir/root/usr/lib/systemd/user-environment-generators/30-systemd-environment-d-generator" | grep -E '^(.?.?.?B|T|spring|A|C|export)' || true)
want='T="tok en# note"
C="x# note"'
echo "systemd $version gives:"
echo "$got"
[ "$got" = "$want" ] || { echo "changed; it was:"; echo "$want"; exit 1; }
