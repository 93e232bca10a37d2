# shellcheck shell=bash
# What the scripts beside this one share: steps that are told as they go, and apt. To be sourced.

name=$(basename "$0")
log=var/$name.log
began=$SECONDS
ticker=
mkdir -p var

say() { printf '%4d s  %s\n' $((SECONDS - began)) "$*" >&2; }
die() { printf 'scripts/%s: %s\n' "$name" "$*" >&2; exit 1; }

# step TEXT COMMAND...: one line, whose seconds run on a terminal; what the command prints goes to the log.
step() {
    local status=0
    say "$1"
    if [ -t 2 ]; then
        while sleep 1 && kill -0 $$; do printf '\033[A\r%4d s\n' $((SECONDS - began)); done >&2 2>/dev/null 9>&- &
        ticker=$!
    fi
    "${@:2}" >>"$log" 2>&1 </dev/null || status=$?  # holds the lock too, should this script be killed
    stop_ticker
    return $status
}

stop_ticker() {
    [ -n "$ticker" ] || return 0
    kill "$ticker" 2>/dev/null || true
    wait "$ticker" 2>/dev/null || true
    ticker=
}
trap stop_ticker EXIT
trap 'exit 130' INT TERM

# After a step that has failed: its last words, and what to do.
failed() {
    tail -n 15 "$log" >&2
    die "$1 All that was said is in $log."
}

# only_one: goes on when no other run of this script is under way.
only_one() {
    exec 9>"var/$name.lock"
    flock -n 9 && return
    say "another scripts/$name is on its way: waiting for it"
    flock -w 900 9 || die "the other one has not ended in 15 minutes."
}

# apt_install REASON PACKAGE...
apt_install() {
    local reason=$1 as_root=()
    shift
    command -v apt-get >/dev/null || die "$reason. Install it by hand: in Debian it is in $*."
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null || die "$reason. As root: apt-get install $*"
        if ! sudo -n true 2>/dev/null; then
            say "$reason: your password is asked for, to apt-get install $*"
            sudo -v || die "$reason. As root: apt-get install $*"
        fi
        as_root=(sudo)
    fi
    step "reading apt's package lists" "${as_root[@]}" apt-get update -q || say "apt-get update failed; going on"
    step "installing $* ($reason)" "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get -o DPkg::Lock::Timeout=120 install -q -y --no-install-recommends "$@" ||
        failed "apt-get could not install $*."
}
