#!/usr/bin/env bash
# Proves that a fresh Debian 12 builds, starts and tests fettle with ./run and ./check alone.
#
# usage: tests/fresh/fresh.sh [--keep]     (as root; needs debootstrap and this machine's apt)
# Makes a minimal Debian 12 in a temporary folder, copies the last commit into it, and there
# 1. runs ./run --build-only, which installs what the build needs,
# 2. starts ./run and asks /health, without a network,
# 3. runs ./check --only house, which installs what the tests need,
# 4. runs ./check, without a network.
# It takes a network for steps 1 and 3, some GB in $TMPDIR (default /tmp) and, on two idle cores,
# a quarter of an hour. Beside a job that fills the cores it takes hours, debootstrap alone more than
# one: it is meant for an idle machine, has no time limit of its own, and leaves nothing when stopped.
# Reports what each step took; docs/install.md holds the last report. The exit status is that of
# the worst step, 77 where the proof cannot be made.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
suite=bookworm

[ "$(id -u)" = 0 ] || { echo "skipped: making a Debian in a folder needs root" && exit 77; }
for tool in debootstrap unshare ip git; do
    command -v "$tool" >/dev/null || { echo "skipped: $tool is not installed" && exit 77; }
done
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' "Codename: $suite" |
    head -n 1)
[ -n "$mirror" ] || { echo "skipped: apt knows no source of $suite (apt-get update?)" && exit 77; }

box=$(mktemp -d)
clean_up() {
    rm -f "$box.log"
    if [ "${1-}" = --keep ]; then echo "kept: $box"; else rm -rf --one-file-system "$box"; fi
}
# shellcheck disable=SC2064  # the arguments of now are meant
trap "clean_up ${1-}" EXIT
trap 'exit 143' HUP INT TERM
chmod 755 "$box"

# step NAME COMMAND...: runs a command, with its time and its last line as a line of the report.
report=$'\n'
step() {
    local name=$1 started=$SECONDS status=0
    shift
    printf '== %s\n' "$name"
    "$@" 2>&1 | tee "$box.log" || status=$?
    report+=$(printf '%-34s %4d s  status %d  %s' "$name" $((SECONDS - started)) "$status" \
        "$(tail -n 1 "$box.log")")$'\n'
    worst=$((status > worst ? status : worst))
}
set -o pipefail
worst=0

# inside [--offline] COMMAND: runs a shell command in the box, in mounts, processes and, offline, a
# network (loopback alone) of its own; all of them end with the command. The box becomes the root by
# pivot_root, because tests make namespaces, which the kernel forbids after a plain chroot.
inside() {
    local net=
    [ "$1" != --offline ] || { net=--net && shift; }
    unshare --mount --pid --fork --kill-child $net bash -c '
        [ -z "$2" ] || ip link set lo up
        mount --bind "$0" "$0"
        mount -t proc proc "$0/proc"
        mount --rbind /dev "$0/dev"
        mount --rbind /sys "$0/sys"
        cd "$0"
        mkdir -p .host
        pivot_root . .host
        exec chroot . /usr/bin/env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin \
            ${http_proxy:+http_proxy="$http_proxy"} ${https_proxy:+https_proxy="$https_proxy"} \
            bash -c "umount -l /.host && cd /src && $1"' "$box" "$1" "$net"
}

# The box reaches its packages the way this machine does.
copy_apt_sources() {
    rm -rf "$box/etc/apt/sources.list" "$box/etc/apt/sources.list.d"
    cp -r /etc/apt/sources.list.d "$box/etc/apt/"
    [ ! -f /etc/apt/sources.list ] || cp /etc/apt/sources.list "$box/etc/apt/"
    apt-config dump Acquire >"$box/etc/apt/apt.conf.d/90acquire"
    cp -rn /usr/share/keyrings/. "$box/usr/share/keyrings/"
    cp /etc/resolv.conf /etc/hosts "$box/etc/"
    [ ! -d /etc/ssl/certs ] || cp -rL /etc/ssl/certs "$box/etc/ssl-certs-of-host"
    [ ! -d "$box/etc/ssl-certs-of-host" ] || { mkdir -p "$box/etc/ssl" &&
        mv "$box/etc/ssl-certs-of-host" "$box/etc/ssl/certs"; }
}

ask_health='
    ./run --no-install >/tmp/log 2>&1 & pid=$!
    for _ in $(seq 100); do
        if exec 3<>/dev/tcp/127.0.0.1/8000; then break; fi 2>/dev/null
        kill -0 $pid 2>/dev/null || { tail -n 20 /tmp/log; exit 1; }
        sleep 0.1
    done
    printf "GET /health HTTP/1.1\r\nHost: 127.0.0.1:8000\r\nConnection: close\r\n\r\n" >&3
    answer=$(tr -d "\r" <&3 | tr "\n" " ")
    kill -TERM $pid
    wait $pid && echo "$answer" && case "$answer" in "HTTP/1.1 200 "*) ;; *) exit 1 ;; esac'

step "minimal Debian 12 (debootstrap)" debootstrap --variant=minbase "$suite" "$box" "$mirror"
[ "$worst" -eq 0 ] || exit "$worst"
copy_apt_sources
mkdir "$box/src"
git -C "$root" archive HEAD | tar -x -C "$box/src"
printf '%s\n' "$ask_health" >"$box/src/.ask-health"

packages() { chroot "$box" dpkg-query -W -f '${Package}\n' | wc -l; }
before=$(packages)
step "./run --build-only" inside "./run --build-only"
for_run=$(packages)
step "./run, /health, offline" inside --offline "bash .ask-health && rm .ask-health"
step "./check --only house" inside "./check --only house"
for_check=$(packages)
step "./check, offline" inside --offline ./check

printf '%s\n' "$report"
printf 'packages: %d at first, %d after ./run, %d after ./check\n' "$before" "$for_run" "$for_check"
[ ! -x "$box/src/build/fettle" ] || printf 'build/fettle: %d bytes\n' "$(stat -c %s "$box/src/build/fettle")"
printf 'commit %s, %s, %d cores\n' "$(git -C "$root" rev-parse --short HEAD)" "$(date -u +%F)" \
    "$(nproc)"
exit "$worst"
