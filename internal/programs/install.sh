# Sourced by the other scripts: install PACKAGE... installs Debian's packages where they are
# missing, and starts no service for that.
install() {
	local missing=() p policy=/usr/sbin/policy-rc.d ours= status=0
	for p; do
		[ "$(dpkg-query -W -f='${db:Status-Status}' "$p" 2>/dev/null)" = installed ] || missing+=("$p")
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	if [ ! -e "$policy" ]; then
		ours=$policy
		printf '#!/bin/sh\nexit 101\n' >"$policy"
		chmod 755 "$policy"
	fi
	DEBIAN_FRONTEND=noninteractive apt-get -qy install --no-install-recommends "${missing[@]}" >&2 || status=$?
	[ -z "$ours" ] || rm -f "$ours"
	return $status
}
