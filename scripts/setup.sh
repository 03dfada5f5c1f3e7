#!/bin/sh
# Installs what Trivet's build and tests use (scripts/packages.txt) on Debian 12 or a system like it.
#
#   scripts/setup.sh           install what is missing; does nothing when nothing is
#   scripts/setup.sh --list    print the packages that are missing, install nothing
#
# Exit status: 0 all is there, 77 it has to be done by hand (the message says what), else apt-get's own.
set -eu

packages=$(dirname -- "$0")/packages.txt

# The packages for this architecture, one a line.
wanted() {
	sed -e 's/#.*//' "$packages" | while read -r name arch _; do
		case "$name:$arch" in
		:*) ;;
		*: | *:"[$1]") echo "$name" ;;
		esac
	done
}

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
	echo "setup: this is not Debian or a system like it, so please install by hand what these are here:"
	sed -e '/^#/d' "$packages"
	exit 77
fi >&2

missing=
for name in $(wanted "$(dpkg --print-architecture)"); do
	state=$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null) || state=
	[ "$state" = installed ] || missing="$missing $name"
done

if [ "${1-}" = --list ]; then
	printf '%s\n' $missing
	exit 0
fi
if [ -z "$missing" ]; then
	echo "setup: all packages are installed, nothing to do"
	exit 0
fi

as_root=
if [ "$(id -u)" != 0 ]; then
	if ! command -v sudo >/dev/null; then
		echo "setup: not root, and there is no sudo. As root, please run:"
		echo "    apt-get install --no-install-recommends$missing"
		exit 77
	fi >&2
	as_root=sudo
fi

echo "setup: installing with apt-get:$missing"
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -q || echo "setup: apt-get update failed; trying with the package lists that are here" >&2
# Images for containers leave documentation out, and uthash's tests are in there.
$as_root apt-get install -q -y --no-install-recommends \
	-o DPkg::Options::=--path-include='/usr/share/doc/uthash-dev/examples/*' $missing
echo "setup: done"
