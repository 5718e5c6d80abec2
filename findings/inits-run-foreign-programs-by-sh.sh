#!/bin/sh
# tini 0.19.0, dumb-init 1.2.5 and catatonit 0.1.7 (Debian 12) given a program for another kind of machine: execvp(3) of
# glibc runs whatever execve(2) has ENOEXEC for by /bin/sh, so that the error is a syntax error in a binary, status 2.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
for package in tini=0.19.0-1+b3 dumb-init=1.2.5-2 catatonit=0.1.7-1+b2; do
	apt-get -qq -o APT::Sandbox::User=root download "$package"
done
for deb in *.deb; do dpkg-deb -x "$deb" root; done
cp /bin/true foreign
printf '\376\377' | dd of=foreign bs=1 seek=18 conv=notrunc 2>/dev/null # e_machine: elf(5)
chmod 755 foreign
wrong=0
for init in tini dumb-init catatonit; do
	program=$(find root -type f -name "$init" -perm -1 | head -n 1)
	status=0
	text=$("$program" -- ./foreign 2>&1) || status=$?
	echo "$init: status $status: $(echo "$text" | grep -a -o 'Syntax error.*' | head -n 1)"
	case $status,$text in
	2,*"Syntax error"*) ;;
	*) wrong=1 ;;
	esac
done
[ "$wrong" = 0 ] || { echo "changed: each exited with 2, after a syntax error"; exit 1; }
