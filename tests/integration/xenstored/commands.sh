# Some 200 commands of the stock tools, for any XenStore daemon: sourced by same_as_c_xenstored with
# XENSTORED_RUNDIR set. What each prints and how it ends is the test. Only domain 0 exists.

# run COMMAND...: prints the command, its output, its errors and its status.
run() {
    printf '$ %s\n' "$*"
    "$@" >"$scratch/out" 2>"$scratch/err"
    local status=$?
    sed 's/^/  /' "$scratch/out"
    sed 's/^/  2> /' "$scratch/err"
    printf '  = %d\n' $status
}
# watch COUNT PATHS... -- COMMAND...: the first COUNT events that the command causes, the initial
# ones included.
watch() {
    local count=$1 paths=()
    shift
    while [ "$1" != -- ]; do
        paths+=("$1")
        shift
    done
    shift
    printf '$ watch %s -- %s\n' "${paths[*]}" "$*"
    : >"$scratch/events" # the shell in the background may take its time to make it
    timeout 10 xenstore-watch -n "$count" "${paths[@]}" >"$scratch/events" 2>&1 &
    local watcher=$! tries
    # all watches stand once the initial events are out
    for tries in $(seq 500); do
        [ "$(wc -l <"$scratch/events")" -ge ${#paths[@]} ] && break
        sleep 0.01
    done
    "$@" >"$scratch/out" 2>"$scratch/err"
    printf '  = %d\n' $?
    wait $watcher
    sed 's/^/  /' "$scratch/events"
    printf '  watch = %d\n' $?
}
repeat() { # repeat CHARACTER COUNT
    printf "%${2}s" '' | tr ' ' "$1"
}

# a new store
run xenstore-ls
run xenstore-ls -f
run xenstore-ls -p
run xenstore-ls -fp /
run xenstore-list /
run xenstore-list -p /
run xenstore-read /tool
run xenstore-read /tool/xenstored
run xenstore-exists /
run xenstore-exists /tool
run xenstore-exists /nothing
run xenstore-list /tool/xenstored

# write and read
run xenstore-write /a 1
run xenstore-read /a
run xenstore-read -p /a
run xenstore-write /a 2 /b 3 /c 4
run xenstore-read /a /b /c
run xenstore-read /a /missing /c
run xenstore-write /a ''
run xenstore-read /a
run xenstore-write /a 'with blanks and "quotes"'
run xenstore-read /a
run xenstore-write /a $'line\nline'
run xenstore-read /a
run xenstore-write /a $'\xc3\xa9\x01'
run xenstore-read /a
run xenstore-ls /
run xenstore-ls -f /a
run xenstore-write /deep/er/and/deeper value
run xenstore-ls -f /deep
run xenstore-read /deep/er
run xenstore-read /deep/er/and/deeper/none
run xenstore-write /
run xenstore-write / rootvalue
run xenstore-read /
run xenstore-write / ''
run xenstore-write /odd
run xenstore-write /same 1
run xenstore-write /same 1
run xenstore-write -s /s 1
run xenstore-read -s /s
run xenstore-write /long "$(repeat x 4000)"
run xenstore-read /long
run xenstore-write /long "$(repeat x 4090)"
run xenstore-write /long "$(repeat x 5000)"
run xenstore-read /long
run xenstore-rm /long

# relative paths: domain 0's home
run xenstore-write relative 1
run xenstore-read relative
run xenstore-read /local/domain/0/relative
run xenstore-list local
run xenstore-list .
run xenstore-ls relative
run xenstore-exists relative
run xenstore-exists absent
run xenstore-rm relative
run xenstore-read relative
run xenstore-list /local/domain
run xenstore-list /local/domain/0

# names that are not allowed
run xenstore-write '' 1
run xenstore-write // 1
run xenstore-write /a// 1
run xenstore-write /a/ 1
run xenstore-write /a//b 1
run xenstore-write '/a b' 1
run xenstore-write /a.b 1
run xenstore-write '/a:b' 1
run xenstore-write /ä 1
run xenstore-write '/a*' 1
run xenstore-write /A-z_09@x 1
run xenstore-read /A-z_09@x
run xenstore-read /a/
run xenstore-read //
run xenstore-read /.special
run xenstore-list /.special
run xenstore-list ''
run xenstore-list /a.b
run xenstore-rm /a.b
run xenstore-rm ''
run xenstore-rm /a/
run xenstore-exists /a.b
run xenstore-read /local/domain/
run xenstore-write /local/domain/ 1
run xenstore-list /local/domain/
run xenstore-read @releaseDomain
run xenstore-write @releaseDomain 1
run xenstore-write @x 1
run xenstore-rm @releaseDomain
run xenstore-list @releaseDomain
run xenstore-write "/$(repeat n 2047)" 1
run xenstore-write "/$(repeat n 2048)" 1
run xenstore-write "/$(repeat n 2049)" 1
run xenstore-read "/$(repeat n 2047)"
run xenstore-rm "/$(repeat n 2047)"
run xenstore-write "/local/domain/7/$(repeat n 2047)" 1
run xenstore-write "/local/domain/7/$(repeat n 2048)" 1
run xenstore-write "/local/domain/7/$(repeat n 2049)" 1
run xenstore-write "/local/domain/123456/$(repeat n 2040)" 1
run xenstore-write "/local/domain/-1/$(repeat n 2048)" 1
run xenstore-write "$(repeat n 2000)" 1
run xenstore-write "$(repeat n 2049)" 1
run xenstore-rm /local/domain/7
run xenstore-rm /local/domain/-1
run xenstore-rm "$(repeat n 2000)"
run xenstore-list /local/domain

# lists: order of creation
run xenstore-write /d/z 1 /d/a 1 /d/m 1 /d/0 1
run xenstore-list /d
run xenstore-list -p /d
run xenstore-rm /d/a
run xenstore-list /d
run xenstore-write /d/a again
run xenstore-list /d
run xenstore-write /d/z changed
run xenstore-list /d
run xenstore-ls /d
run xenstore-list /d/z
run xenstore-list /d/none
run xenstore-list /d /b
run xenstore-list -f /d

# remove
run xenstore-rm /d/m
run xenstore-exists /d/m
run xenstore-rm /d/m
run xenstore-rm /d/none/below
run xenstore-rm /none/at/all
run xenstore-rm /none
run xenstore-write /t/a/b/c 1 /t/a/d 2
run xenstore-rm /t/a
run xenstore-ls -f /t
run xenstore-write /t/a/b 1
run xenstore-rm -t /t/a/b
run xenstore-ls -f /t
run xenstore-list /t
run xenstore-write /t/x/y 1
run xenstore-rm -t /t/x/y
run xenstore-exists /t
run xenstore-rm /
run xenstore-list /
run xenstore-rm /d /b
run xenstore-list /
run xenstore-rm /missing/one /c
run xenstore-exists /c

# permissions
run xenstore-write /p/q 1
run xenstore-chmod /p n0
run xenstore-ls -p /p
run xenstore-chmod /p r0
run xenstore-chmod /p/q b0
run xenstore-ls -fp /p
run xenstore-chmod /p w0
run xenstore-write /p/inherits/deep 1
run xenstore-ls -fp /p
run xenstore-list -p /p
run xenstore-chmod /p n0 r0
run xenstore-ls -fp /p
run xenstore-chmod /p n0 r5
run xenstore-ls -fp /p
run xenstore-chmod /p n0 r5 w6 b7 n8 r9
run xenstore-ls -fp /p
run xenstore-chmod /p n0 r0x10 w010
run xenstore-ls -fp /p
run xenstore-chmod /p n5
run xenstore-chmod /p r7 r0
run xenstore-chmod /p x0
run xenstore-chmod /p n
run xenstore-chmod /p nx
run xenstore-chmod /p 0
run xenstore-chmod /p ''
run xenstore-chmod /p 'n 0'
run xenstore-chmod /p
run xenstore-chmod /nowhere n0
run xenstore-chmod /p/absent n0
run xenstore-chmod '' n0
run xenstore-chmod /p. n0
run xenstore-chmod -r /p b0
run xenstore-ls -fp /p
run xenstore-chmod -u /p/inherits/deep r0
run xenstore-ls -fp /p
run xenstore-chmod / r0
run xenstore-ls -p /p
run xenstore-write /fresh 1
run xenstore-ls -fp /fresh
run xenstore-chmod / n0
run xenstore-chmod @releaseDomain n0
run xenstore-chmod @introduceDomain n0 r0
run xenstore-chmod @releaseDomain n5
run xenstore-chmod @other n0
run xenstore-ls -fp /

# wide directories
for i in $(seq 300); do echo "/wide/a-rather-long-name-of-a-child-number-$i $i"; done >"$scratch/wide"
run xargs -n 200 xenstore-write <"$scratch/wide"
run xenstore-list /wide
run xenstore-read /wide/a-rather-long-name-of-a-child-number-257
run xenstore-rm /wide/a-rather-long-name-of-a-child-number-1
run bash -c "xenstore-list /wide | sort | md5sum"
run bash -c 'xenstore-ls /wide | wc -l'
run xenstore-rm /wide
run xenstore-list /wide

# watches
watch 2 /w -- xenstore-write /w 1
watch 2 /w -- xenstore-write /w 1
watch 3 /w -- xenstore-write /w/a 1 /w/b 2
watch 2 /w/a -- xenstore-rm /w
run xenstore-write /w/deep/er 0
watch 2 /w -- xenstore-rm /w
watch 2 /w -- xenstore-write /w/deep/er 1
watch 6 / /w /w/deep /w/deep/er -- xenstore-rm /w/deep
watch 2 /none -- xenstore-write /none 1
watch 2 /none -- xenstore-chmod /none b0
watch 2 / -- xenstore-write /anywhere 1
watch 2 relative -- xenstore-write relative/x 1
watch 3 /w relative -- xenstore-write relative/y 1
watch 2 relative -- xenstore-rm relative
watch 1 @releaseDomain -- true
watch 1 @introduceDomain -- true
watch 1 @anything -- true
run timeout 5 xenstore-watch -n 1 /a.b
run timeout 5 xenstore-watch -n 1 ''
run timeout 5 xenstore-watch -n 1 /a/
run timeout 5 xenstore-watch -n 1 "/$(repeat n 2049)"
run timeout 5 xenstore-watch -n 1 "@$(repeat n 2048)"

# the end
run xenstore-ls -fp /
