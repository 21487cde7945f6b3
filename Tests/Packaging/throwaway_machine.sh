#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs a command on a copy of this machine that is thrown away, and says what the command left behind on it.
#
#     unshare --mount throwaway_machine.sh FOLDER COMMAND...
#
# FOLDER is an empty directory. The copy sees this machine's files, and FOLDER's parent as /mnt. What the command prints
# goes to standard error, and the names of the files that are new or changed, to standard output.
set -eu
folder=$1
shift
mount -t tmpfs tmpfs "$folder"
mkdir "$folder/changed" "$folder/work" "$folder/machine"
mount -t overlay overlay -o "lowerdir=/,upperdir=$folder/changed,workdir=$folder/work" "$folder/machine"
for name in dev proc; do
    mount --rbind "/$name" "$folder/machine/$name"
done
mount --bind "$(dirname "$folder")" "$folder/machine/mnt"
mount -t tmpfs tmpfs "$folder/machine/tmp"
chroot "$folder/machine" "$@" >&2
cd "$folder/changed"
find . -not -type d
