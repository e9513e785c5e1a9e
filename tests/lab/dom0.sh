# Sourced by the tests in boot.d, which run in dom0 under bash. A file there is one subject; in it, each call of
# `check` is one test with a line of its own in the result.

daemon=${LAB_DAEMON:?} # ours, c or oxenstored
images=/opt/stemma/guests
long=${STEMMA_LONG:-0}
work=/tmp/${0##*/} # the same under every daemon: it is seen in what is recorded
rm -rf "$work"
mkdir -p "$work"
transcript=/out/transcript
mkdir -p "$transcript" /out/figures
PATH=$PATH:/usr/lib/xen-4.17/bin
xenstored_pid() { cat /run/xenstore.pid; }

# check NAME COMMAND...: one test, which passes when the command does; its output is shown when it fails.
check() {
    local name=$1 began=$SECONDS status
    shift
    "$@" >"$work/check" 2>&1
    status=$?
    [ $((SECONDS - began)) -lt 5 ] || echo "info: $daemon: $((SECONDS - began)) s: $name"
    if [ $status = 0 ]; then
        echo "passed: $daemon: $name"
    else
        echo "failed: $daemon: $name (status $status)"
        tail -n 40 "$work/check" | sed 's/^/    /'
        return 1
    fi
}

# skip NAME REASON: a test that cannot be decided here.
skip() { echo "skipped: $daemon: $1: $2"; }

# until_true SECONDS COMMAND...: waits for a condition. The seconds are those of real hardware; Xen under emulation,
# which emulates its guests again, takes several times that by the machine's clock.
until_true() {
    local begun=$SECONDS seconds=$1
    shift
    until "$@" >/dev/null 2>&1; do
        [ $((SECONDS - begun)) -lt $((8 * seconds)) ] || { echo "not in time: $*"; return 1; }
        sleep 0.2
    done
}

# record NAME COMMAND...: keeps status and output, for the comparison of two daemons that tests/lab/all makes,
# without what differs from run to run: UUIDs, MACs, times, frame numbers, progress, and whether a domain
# runs just then or waits. Domids stay: both boots count them alike.
record() {
    local name=$1 status
    shift
    "$@" >"$work/record" 2>&1
    status=$?
    {
        echo "\$ $*"
        sed -E -e 's/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/UUID/g' \
            -e 's/([0-9a-f]{2}:){5}[0-9a-f]{2}/MAC/g' \
            -e 's/([ \t])[r-][b-]([p-][s-][c-][d-]) +[0-9]+\.[0-9]+$/\1..\2 TIME/' \
            -e 's/mfn 0x[0-9a-f]+/mfn/' -e '/xc: progress:/d' "$work/record"
        echo "status $status"
    } >>"$transcript/$name"
    cat "$transcript/$name"
    return $status
}

# note NAME COMMAND...: the same, outside a test.
note() { record "$@" >/dev/null; }

# answers ADDRESS: one ping that comes back.
answers() { ping -c 1 -W 2 "$1" | grep -q ' 0% packet loss'; }
silent() { ! answers "$1"; }
is_gone() { ! xl domid "$1"; }

# What guests could leave behind, one a line.
left_behind() {
    xl list | awk 'NR > 2 { print $1 }'
    xenstore-ls -f | grep -E '^/(vm|libxl|local/domain/[1-9][0-9]*|local/domain/0/backend/vif|tool/stemma/creating)/.'
    ip -o link | grep -o 'vif[0-9]*\.[0-9]*' | sort -u
    ls /var/lib/xen | grep -v 'userdata-d\.0\.'
}
# What is held for guests, one a line. Packs of history do not count, of which xenstored holds up to 16 open.
held() {
    local process
    process=/proc/$(xenstored_pid)
    echo "descriptors of xenstored $(ls -l "$process/fd" | grep -vc '\.pack$')"
    echo "mapped grants of xenstored $(grep -c -E 'gntdev|privcmd' "$process/maps")"
    echo "event channels of dom0 $(lsevtchn 0 | wc -l)"
    echo "free memory $(xl info | sed -n 's/^free_memory *: //p')"
}
# remember COMMAND: what it prints now is what nothing_stays wants to see again.
remember() {
    remembered=$1
    $remembered >"$work/first"
}
as_at_first() {
    $remembered >"$work/now"
    diff "$work/first" "$work/now"
}
nothing_stays() { until_true 60 as_at_first || { as_at_first; return 1; }; }

# linux_guest NAME TYPE ADDRESS: writes a configuration, whose path it prints. The kernel is Debian's as it comes
# out of its bzImage: to unpack that at every create takes xl a minute under emulation (--long does).
linux_guest() {
    cat >"$work/$1.cfg" <<END
name = "$1"
type = "$2"
kernel = "/lab/guest/$([ "$long" = 1 ] && echo vmlinuz || echo vmlinux)"
ramdisk = "/lab/guest/guest.cpio.gz"
cmdline = "console=hvc0 quiet panic=1 cryptomgr.notests rdinit=/init address=$3/24"
memory = 96
vcpus = 1
vif = ["bridge=xenbr0,mac=00:16:3e:00:00:${3##*.}"]
on_crash = "destroy"
END
    echo "$work/$1.cfg"
}
