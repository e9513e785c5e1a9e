# Sourced after rig.sh by a script that runs on a real Xen: on the host it boots the lab and runs the script again in
# dom0, with --in-dom0; there it gives rig.sh's functions for domains instead of processes.

# Programs of the host that the script wants in dom0 beside the lab's own.
xen_rig_programs=(dig socat ethtool nsenter unshare sleep sort seq sysctl)

# On the host: xen_rig_boot SCRIPT ARGUMENT...; the exit status is the script's.
xen_rig_boot() {
    local script=$1 tools program status
    shift
    tools=$(mktemp -d)
    mkdir "$tools/bin" "$tools/lib"
    for program in "${xen_rig_programs[@]}"; do
        cp -L "$(command -v "$program")" "$tools/bin/" || { rm -rf "$tools"; return 1; }
    done
    cp build/release/bench/bridge_delay build/release/bench/delay_report "$tools/bin/"
    ldd "$tools"/bin/* | sed -n 's/.*=> \(\/[^ ]*\) .*/\1/p' | sort -u | xargs cp -Lt "$tools/lib"
    mv "$tools" "$tools.d" && mkdir "$tools" && mv "$tools.d" "$tools/tools"
    printf '#!/bin/bash\nexec /lab/with/scripts/%s --in-dom0 "$@"\n' "$script" >"$tools/run"
    chmod +x "$tools/run"
    scripts/lab run --built --instructions --xenstored-args='-E 70000' --with=scripts --with="$tools/tools" --time-limit=3000 \
        "$tools/run" "$@"
    status=$?
    rm -rf "$tools"
    return $status
}

# In dom0.
rig_folder() {
    RIG=$(mktemp -d /tmp/stemma.XXXXXX)
    ip address flush dev xenbr0 # of the lab
    PATH=/opt/stemma/bin:/lab/with/tools/bin:$PATH
    # Behind the lab's own libraries, for the programs brought along.
    cp -n /lab/with/tools/lib/* /usr/lib/x86_64-linux-gnu/ 2>/dev/null
    ln -sf "$(command -v git)" /usr/bin/git-upload-pack # which git clone calls
    export STEMMA_REPOSITORY=/var/lib/stemma/store.git
}

RIG_PATIENCE=100
# The seconds are those of an idle machine without emulation.
rig_until() {
    local end=$((SECONDS + 10 * $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $end ] || return 1
        sleep 0.5
    done
}

rig_daemons() {
    RIG_XENSTORED=$(cat /run/xenstore.pid)
    stemma agent >"$RIG/agent.log" 2>&1 &
    RIG_AGENT=$!
    rig_until 10 stemma list || { cat "$RIG/agent.log" >&2; return 1; }
}

RIG_AGENT_DOES="it removes and restarts guests as their policies say"
rig_guest() { echo "$1 is domain $2: $(xl list "$2" | awk 'NR == 2 { print $3 " MB, " $4 " processor" }')"; }
RIG_CONFINED="each guest is a Xen domain of 32 MB and one processor; Xen started it from a PVH image of its own"
rig_confined() {
    [ "$(xl list "$2" | awk 'NR == 2 { print $3 }')" -le 32 ] || { echo "$1 has more than 32 MB"; return 1; }
}
# What a NAT has cost Xen so far: hypercalls, events, frames. It tells once a second while frames come.
rig_costs() {
    local id what
    sleep 3
    id=$(domain_of "$1") || return
    for what in hypercalls events frames; do xenstore-read "/local/domain/$id/data/xen/stats/$what"; done
}
# rig_tell_costs FLOWS BEFORE AFTER: the words of rig_costs for the versioned table and for the table alone, which
# had so many flows each, of a packet either way.
rig_tell_costs() {
    echo "$2 $3" | tr '\n' ' ' | awk -v flows="$1" '{
        for (i = 0; i < 2; i++) {
            calls[i] = $(7 + 3 * i) - $(1 + 3 * i); events[i] = $(8 + 3 * i) - $(2 + 3 * i)
            frames = $(9 + 3 * i) - $(3 + 3 * i)
            if (!frames) { print "no frames were counted"; exit }
            printf "%s: a packet that comes and goes costs %.2f hypercalls and %.2f events\n",
                i ? "table alone" : "versioned table", 2 * calls[i] / frames, 2 * events[i] / frames
        }
        printf "an insertion into the versioned table: %.2f hypercalls and %.2f events more than into the table alone\n",
            (calls[0] - calls[1]) / flows, (events[0] - events[1]) / flows
    }'
}
RIG_KILLED="destroyed by xl, which knows nothing of its state,"
rig_kill() { xl destroy "$2"; }
