#!/bin/sh
# Counts the instructions an AArch64 Linux program executes under QEMU: the same number in every run.
#
#   tests/rig/tcg/count.sh PROGRAM [ARGUMENT …]
#
# Writes "instructions N" for the whole run, and before it a line "counted N" for each part of the program
# between `hint #80` and `hint #81`.  What the program itself writes to stdout goes to stderr.
# The exit status is the program's; 77 where the emulator or the plugin is missing.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/../../.." && pwd)
plugin="$root/build/tcg/sanitizer.so"
[ $# -gt 0 ] || { echo "usage: count.sh PROGRAM [ARGUMENT ...]" >&2; exit 2; }
command -v qemu-aarch64 >/dev/null || { echo "qemu-aarch64 is not installed (Debian: qemu-user)" >&2; exit 77; }
[ -e "$plugin" ] || make -s -C "$root" build/tcg/sanitizer.so >&2 || exit 77
exec qemu-aarch64 -plugin "$plugin",fd=3,check=off,count=on "$@" 3>&1 1>&2
