#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# boot - in namespaces of its own, systemd as process 1 on a copy of this machine, in
# memory, in which outgate is installed, with one service of the test's own.
#
#   sh boot.sh SECONDS FOLDER SCRIPT
#
# SECONDS: after which all of it is killed.
# FOLDER keeps what the machine leaves: "booted" as soon as its systemd runs services,
# "tap" what SCRIPT prints, "console"; it is /machine there. Nothing outside it is
# changed. Set in the machine: srcdir, builddir.
set -e
case $1 in
[0-9]*)
    exec unshare -m --propagation private sh "$0" keep "$@"
    ;;
keep) # a control group of its own, which is taken away again
    groups=$3/groups
    mkdir "$groups"
    mount -t cgroup2 none "$groups"
    group=$groups/outgate-test.$$
    mkdir "$group"
    trap 'find "$group" -depth -type d -exec rmdir {} \;' EXIT
    (
        echo 0 >"$group/cgroup.procs"
        exec timeout -s KILL "$2" unshare -m -p -n -u -i -C --fork --kill-child \
            sh "$0" inside "$3" "$4"
    ) || :
    exit
    ;;
esac
folder=$2
script=$3
root=$folder/root

mkdir -p "$root"
mount -t tmpfs tmpfs "$root"
mkdir "$root/upper" "$root/work" "$root/new"
mount -t overlay overlay -o "lowerdir=/,upperdir=$root/upper,workdir=$root/work" "$root/new"
make -C "$builddir" install DESTDIR="$root/new" >"$folder/install.log" 2>&1
cd "$root/new"

# Only what the test starts is to run.
for wants in etc/systemd/system/*.wants; do
    rm -rf "$wants"
done
mkdir machine source built
mount --bind "$folder" machine
mount --bind "$srcdir" source
mount --bind "$builddir" built
cat >etc/systemd/system/inside.service <<EOF
[Service]
Type=oneshot
Environment=srcdir=/source builddir=/built "ASAN_OPTIONS=$ASAN_OPTIONS"
ExecStartPre=/bin/touch /machine/booted
ExecStart=-/bin/sh /source/$script
ExecStopPost=/bin/systemctl poweroff --force --force
StandardOutput=file:/machine/tap
StandardError=file:/machine/err
TimeoutStartSec=300
EOF
cat >etc/systemd/system/inside.target <<'EOF'
[Unit]
Requires=basic.target inside.service
After=basic.target
EOF

mount -t proc proc proc
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs tmpfs dev
mknod -m 666 dev/null c 1 3
mknod -m 666 dev/zero c 1 5
mknod -m 666 dev/full c 1 7
mknod -m 666 dev/random c 1 8
mknod -m 666 dev/urandom c 1 9
mknod -m 666 dev/tty c 5 0
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=666,mode=620 devpts dev/pts
mount -t tmpfs -o mode=1777 tmpfs dev/shm
: >"$folder/console"
ln -s /machine/console dev/console
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
ln -s fd/0 dev/stdin
ln -s fd/1 dev/stdout
ln -s fd/2 dev/stderr
mount -t tmpfs tmpfs run
mount -t tmpfs -o mode=1777 tmpfs tmp
hostname gate.test
mkdir -p .before
pivot_root . .before
umount -l .before
exec env -i container=outgate-test PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    /lib/systemd/systemd --system --unit=inside.target --log-target=console \
    --show-status=no
