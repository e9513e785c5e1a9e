# Sourced by each test, which is called as: TEST BUILD-DIRECTORY. Runs the test again inside a user
# and network namespace of its own, makes directories, starts xenstored and the agent, and gives
# functions to check with. Exit status 77 where namespaces are forbidden.
set -u
build=$1

if [ "${STEMMA_RIG:-}" != inside ]; then
    if ! unshare --user --map-root-user --net --mount true 2>/dev/null; then
        echo "skipped: this machine does not permit user and network namespaces"
        exit 77
    fi
    STEMMA_RIG=inside exec unshare --user --map-root-user --net --mount \
        --pid --fork --kill-child --mount-proc -- "$0" "$build"
fi

here=$(dirname "$(readlink -f "$0")")
work=$(mktemp -d "${TMPDIR:-/tmp}/stemma-rig-XXXXXX")
export XENSTORED_RUNDIR=$work/xenstored STEMMA_RUNDIR=$work/stemma
export STEMMA_REPOSITORY=$work/store.git XENSTORED_PATH=$work/xenstored/socket
mkdir "$XENSTORED_RUNDIR" "$STEMMA_RUNDIR"
checks=0
agent_options=()
# Guests built with a sanitizer map terabytes.
grep -q '^STEMMA_SANITIZE:.*=.\+' "$build/CMakeCache.txt" && agent_options+=(--no-memory-limit)

fail() {
    echo "FAILED: $*"
    echo "--- agent"
    cat "$work/agent.log" 2>/dev/null
    echo "--- xenstored"
    cat "$work/xenstored.log" 2>/dev/null
    rm -rf "$work"
    exit 1
}

# The namespace's processes end with this one (--kill-child).
done_testing() {
    rm -rf "$work"
    echo "passed: $checks checks"
    exit 0
}

stemma() {
    "$build/bin/stemma" "$@"
}

# check WORDS... : the command succeeds.
check() {
    checks=$((checks + 1))
    "$@" >"$work/output" 2>&1 || fail "$* (status $?): $(cat "$work/output")"
}

# check_fails STATUS TEXT WORDS... : it fails with the status and says the text.
check_fails() {
    local status=$1 text=$2 got
    shift 2
    checks=$((checks + 1))
    "$@" >"$work/output" 2>&1
    got=$?
    [ "$got" -eq "$status" ] || fail "$*: status $got, not $status: $(cat "$work/output")"
    grep -qF -- "$text" "$work/output" || fail "$*: does not say '$text': $(cat "$work/output")"
}

# check_says TEXT WORDS... : it succeeds and says the text.
check_says() {
    local text=$1
    shift
    check "$@"
    grep -qF -- "$text" "$work/output" || fail "$*: does not say '$text': $(cat "$work/output")"
}

# equal WHAT GOT EXPECTED
equal() {
    checks=$((checks + 1))
    [ "$2" = "$3" ] || fail "$1: $(diff <(echo "$3") <(echo "$2"))"
}

# until_true WORDS... : waits for what another process does, at most 20 seconds.
until_true() {
    local tries
    checks=$((checks + 1))
    for tries in $(seq 400); do
        "$@" >/dev/null 2>&1 && return
        sleep 0.05
    done
    fail "never came true: $*"
}

start_xenstored() {
    "$build/bin/xenstored" --no-fork --publish-interval 50 >>"$work/xenstored.log" 2>&1 &
    xenstored=$!
    until_true test -S "$XENSTORED_RUNDIR/hypervisor"
    until_true xenstore-ls /
}

start_agent() {
    "$build/bin/stemma" agent "${agent_options[@]}" >>"$work/agent.log" 2>&1 &
    agent=$!
    until_true stemma list
}

# Of everything a guest could leave behind, what there is now.
traces() {
    echo "links: $(ip -o link show | sed 's/^[0-9]*: //; s/@.*//; s/:.*//' | sort | tr '\n' ' ')"
    echo "descriptors: $(ls /proc/"$agent"/fd | wc -l)"
    echo "rings and channels in xenstored: $(ls -l /proc/"$xenstored"/fd | grep -c 'stemma-ring\|eventfd')"
    echo "processes: $(ls -d /proc/[0-9]*/exe | xargs -n1 readlink 2>/dev/null |
        grep -c "^$build/.*guest")"
    xenstore-ls -f / | grep -v '^/tool/stemma/last-domain' | grep -v '^/stemma'
}

write_configuration() {
    cat >"$work/example.org.zone" <<'ZONE'
$ORIGIN example.org.
@ 3600 IN SOA ns hostmaster 1 3600 600 86400 300
@ 3600 IN NS ns
ns 3600 IN A 10.0.0.53
www 3600 IN A 10.0.0.80
ZONE
    cat >"$work/net.toml" <<'TOML'
[bridges.xenbr0]
address = "10.0.0.254/24"
[bridges.xenbr1]

[guests.nat0]
image = "nat"
interfaces = [
  {bridge = "xenbr0", address = "10.0.0.1/24", role = "outside"},
  {bridge = "xenbr1", address = "10.0.1.1/24", role = "inside"}]

[guests.dns0]
image = "dns"
zone = "example.org.zone"
interfaces = [{bridge = "xenbr0", address = "10.0.0.53/24", gateway = "10.0.0.1"}]
TOML
}

ip link set lo up
start_xenstored
start_agent
write_configuration
