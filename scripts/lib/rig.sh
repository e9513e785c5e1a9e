# Sourced by scripts that need a network of their own: namespaces that end with the script, test hosts
# on bridges, and our daemon and agent in a temporary folder. Needs no root where unprivileged user
# namespaces are allowed.

# Runs the calling script again, with its arguments, as process 1 of new namespaces; all that it starts
# there ends with it. Returns once inside.
rig_enter() {
    [ "${RIG_INSIDE:-}" = 1 ] && return 0
    local as_root=()
    [ "$(id -u)" -eq 0 ] || as_root=(--user --map-root-user)
    if ! unshare "${as_root[@]}" --net --mount --pid --fork --mount-proc true 2>/dev/null; then
        echo "$0: this machine allows no network namespaces to user $(id -un);" \
            "run it as root, or allow unprivileged user namespaces" >&2
        exit 77
    fi
    RIG_INSIDE=1 exec unshare "${as_root[@]}" --net --mount --pid --fork --kill-child --mount-proc \
        -- "$0" "$@"
}

# The folder for sockets, logs and the repository; removed at the end unless RIG_KEEP is set.
rig_folder() {
    RIG=$(mktemp -d /tmp/stemma.XXXXXX)
    trap rig_end EXIT
    ip link set lo up
    sysctl -q net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
}

rig_end() {
    local status=$?
    trap - EXIT
    if [ -n "${RIG_KEEP:-}" ]; then echo "kept: $RIG" >&2; else rm -rf "$RIG"; fi
    exit "$status"
}

# Waits until a command succeeds: rig_until SECONDS COMMAND...
rig_until() {
    local end=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $end ] || return 1
        sleep 0.05
    done
}

RIG_PATIENCE=10 # seconds until a guest must serve, or a name must resolve

# Starts xenstored and the agent of a build folder: rig_daemons BUILD [xenstored's arguments]
rig_daemons() {
    local build=$1
    shift
    export XENSTORED_RUNDIR=$RIG/run STEMMA_RUNDIR=$RIG/stemma STEMMA_REPOSITORY=$RIG/store.git
    export XENSTORED_PATH=$XENSTORED_RUNDIR/socket
    export STEMMA_GUESTS=$build/guests
    mkdir -p "$XENSTORED_RUNDIR" "$STEMMA_RUNDIR"
    "$build/bin/xenstored" -N --pid-file "$RIG/xenstored.pid" --repository "$STEMMA_REPOSITORY" "$@" \
        >"$RIG/xenstored.log" 2>&1 &
    RIG_XENSTORED=$!
    rig_until 10 xenstore-read -s / || { cat "$RIG/xenstored.log" >&2; return 1; }
    "$build/bin/stemma" agent >"$RIG/agent.log" 2>&1 &
    RIG_AGENT=$!
    rig_until 10 "$build/bin/stemma" list || { cat "$RIG/agent.log" >&2; return 1; }
}

RIG_AGENT_DOES="it plays the hypervisor"
# A guest as a process: what it is, that it is confined, and its end. Each with NAME DOMID.
rig_guest_process() { pgrep -f -- "--domain=$1 "; }
rig_guest() {
    echo "$1 is process $(rig_guest_process "$2"): $(ps -o args= -p "$(rig_guest_process "$2")" | sed 's/.* -- //' | cut -c1-60)"
}
RIG_CONFINED="each guest is a process of at most 32 MB with no file system and a system call filter"
rig_confined() {
    local process size
    process=$(rig_guest_process "$2") || { echo "$1 has no process"; return 1; }
    size=$(awk '/^VmPeak/ { print $2 }' "/proc/$process/status")
    [ "$size" -le 32768 ] || { echo "$1 has had $size kB of address space, over 32 MB"; return 1; }
    grep -q 'Seccomp:[[:space:]]*2' "/proc/$process/status" || { echo "$1 runs without its system call filter"; return 1; }
}
RIG_KILLED="killed with SIGKILL"
rig_kill() { kill -9 "$(rig_guest_process "$2")"; }

# A veth whose end NAME stays here and whose other end is a port of BRIDGE: rig_port NAME BRIDGE
rig_port() {
    ip link add "$1" type veth peer name "$1p"
    ip link set "$1p" master "$2" up
    ip link set "$1" up
    ethtool -K "$1" tx off >/dev/null 2>&1
}

# A test host in a network namespace of its own: rig_host NAME BRIDGE ADDRESS/LENGTH [GATEWAY]
declare -A RIG_HOSTS
rig_host() {
    local name=$1 bridge=$2 address=$3 gateway=${4:-}
    unshare --net sleep infinity &
    RIG_HOSTS[$name]=$!
    local pid=$!
    rig_until 5 test ! /proc/self/ns/net -ef "/proc/$pid/ns/net"
    rig_port "$name" "$bridge"
    ip link set "$name" netns "$pid"
    rig_on "$name" ip link set lo up
    rig_on "$name" ip link set "$name" up
    rig_on "$name" ip address add "$address" dev "$name"
    rig_on "$name" ethtool -K "$name" tx off >/dev/null 2>&1
    [ -z "$gateway" ] || rig_on "$name" ip route add default via "$gateway"
}

# Runs a command on a test host: rig_on NAME COMMAND...
rig_on() {
    local name=$1
    shift
    nsenter -t "${RIG_HOSTS[$name]}" -n -- "$@"
}

# Seconds of processor time that processes have used, user and system: rig_cpu PID...
rig_cpu() {
    local ticks=0 pid fields
    for pid in "$@"; do
        read -r -a fields <"/proc/$pid/stat"
        ticks=$((ticks + fields[13] + fields[14]))
    done
    awk -v t=$ticks -v hz="$(getconf CLK_TCK)" 'BEGIN { printf "%.2f\n", t / hz }'
}

# The same for the whole machine: everything that is not idle or waiting for a disk.
rig_machine_cpu() {
    awk -v hz="$(getconf CLK_TCK)" '/^cpu / { printf "%.2f\n", ($2 + $3 + $4 + $7 + $8 + $9) / hz }' /proc/stat
}

# rig_processes_cpu PID...: processor seconds of their threads, as the scheduler counts them (in nanoseconds).
rig_processes_cpu() {
    local pid files=()
    for pid in "$@"; do files+=(/proc/"$pid"/task/*/schedstat); done
    awk '{ sum += $1 } END { printf "%.6f\n", sum / 1e9 }' "${files[@]}"
}
