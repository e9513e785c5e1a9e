# Sourced by the tests beside it: starts daemons in directories of their own and ends them again.
# Expects the build directory as $1 of the test.
set -uo pipefail
build=$(realpath "${1:?usage: $0 BUILD-DIRECTORY}")
here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
root=$(realpath "$here/../../..")
work=$(mktemp -d)
unset XENSTORED_PATH # clients and C xenstored would prefer it to XENSTORED_RUNDIR
pids=()

finish() {
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null; done
    wait
    rm -rf "$work" ${runs:+"$runs"}
}
trap finish EXIT
trap 'exit 1' INT TERM

fail() {
    echo "FAILED: $*" >&2
    exit 1
}
skip() {
    echo "skipped: $*"
    exit 77
}

# Sets $tools to the directory of Debian's Xen programs, or skips the test.
need_xen_tools() {
    tools=$("$root/scripts/fetch-xen-tools" 2>"$work/fetch") || skip "$(tail -n 1 "$work/fetch")"
    libraries=$(dirname "$(dirname "$(dirname "$tools")")")/lib/x86_64-linux-gnu
    export LD_LIBRARY_PATH=$libraries
}

# wait_for DIRECTORY: until a client is answered there.
wait_for() {
    local tries
    for tries in $(seq 200); do
        if XENSTORED_RUNDIR=$1 xenstore-exists / 2>/dev/null; then return 0; fi
        sleep 0.02
    done
    fail "the daemon in $1 does not answer"
}

# start_ours NAME ARGUMENTS...: ours, in the foreground, in $work/NAME.
start_ours() {
    local name=$1
    shift
    # The run directory is on tmpfs, as on a host: our daemon writes its restart log there.
    if [ -d /dev/shm ]; then
        [ -n "${runs:-}" ] || runs=$(mktemp -d -p /dev/shm)
        mkdir -p "$runs/$name" && ln -sfn "$runs/$name" "$work/$name"
    else
        mkdir -p "$work/$name"
    fi
    XENSTORED_RUNDIR=$work/$name "$build/bin/xenstored" --no-fork "$@" 2>"$work/$name.log" &
    pids+=($!)
    wait_for "$work/$name"
}

# start_c NAME ARGUMENTS...: Debian's C xenstored on the stand-in for Xen, in $work/NAME.
start_c() {
    local name=$1
    shift
    mkdir -p "$work/$name"
    XENSTORED_RUNDIR=$work/$name LD_PRELOAD=$build/tests/xen_stand_in.so \
        "$tools/xenstored" --no-fork "$@" 2>"$work/$name.log" &
    pids+=($!)
    wait_for "$work/$name"
}

# start_oxenstored NAME: Debian's oxenstored on the stand-in for Xen. Its places are fixed, so /run and
# /var/log are covered: only in a mount namespace of one's own (unshare --mount).
start_oxenstored() {
    local name=$1
    mkdir -p "$work/$name"
    mount -t tmpfs tmpfs /run && mount -t tmpfs tmpfs /var/log && mkdir -p /run/xenstored /var/log/xen ||
        fail "oxenstored needs a mount namespace"
    printf '%s\n' 'persistent = false' 'xenstored-kva = /proc/xen/xsd_kva' \
        'xenstored-port = /proc/xen/xsd_port' >"$work/$name/oxenstored.conf"
    LD_PRELOAD=$build/tests/xen_stand_in.so "$tools/oxenstored" --no-fork --no-access-log \
        --pid-file "$work/$name/pid" --config-file "$work/$name/oxenstored.conf" >"$work/$name.log" 2>&1 &
    pids+=($!)
    wait_for /run/xenstored
}
