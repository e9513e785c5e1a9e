# Sourced by scripts/lab, from the project's root: builds what the lab boots, and keeps it in build/lab.
# Nothing is installed and nothing needs root.
#   build/lab/packages   Debian's hypervisor, kernel and Xen scripts, unpacked
#   build/lab/image      xen.elf, vmlinux, dom0.cpio, names (what is in it), guest.cpio.gz

LAB=build/lab

# Programs of the host that go into dom0; busybox has the rest. Debian's init script for Xen wants choom and
# start-stop-daemon, upstream's launch-xenstore prlimit and bash, as do the hotplug scripts, which want ip.
lab_host_programs=(bash dash choom prlimit start-stop-daemon ip git setsid script)

# In the order they are loaded; xenfs before xen-privcmd fails with an unknown symbol.
lab_modules=(xen-privcmd xenfs xen-gntdev xen-gntalloc xen-evtchn llc stp bridge xen-netback tun veth)
# For the disk that --out comes back on, loaded only then.
lab_disk_modules=(crc64 crc64_rocksoft_generic crc64-rocksoft crct10dif_common crct10dif_generic crc-t10dif t10-pi
    scsi_common scsi_mod libata ata_piix sd_mod)
lab_guest_modules=(xen-netfront)

lab_needs() {
    echo "lab: $1" >&2
    return 77
}

# Says what the host lacks, or returns 0.
lab_check_host() {
    local program package
    while read -r program package; do
        command -v "$program" >/dev/null ||
            { lab_needs "there is no $program; install Debian's $package (scripts/setup does)"; return; }
    done <<'END'
qemu-system-x86_64 qemu-system-x86
busybox busybox-static
cpio cpio
git git
ip iproute2
choom util-linux
start-stop-daemon dpkg
END
    [ "$(uname -m)" = x86_64 ] || lab_needs "the lab's Debian packages are for x86_64, this is $(uname -m)"
}

# Downloads what is not there yet.
lab_fetch() {
    local kernel
    LAB_TOOLS=$(scripts/fetch-xen-tools 2>"$LAB/fetch") ||
        { lab_needs "$(tail -n 1 "$LAB/fetch")"; return; }
    LAB_TOOLS=${LAB_TOOLS%/usr/lib/xen-4.17/bin}
    # A kernel that is unpacked already serves, whatever Debian's newest is today.
    if [ -e "$LAB/packages/complete" ]; then
        read -r kernel _ <"$LAB/packages/complete"
    else
        kernel=$(apt-cache depends linux-image-amd64 2>/dev/null |
            sed -n 's/^ *Depends: \(linux-image-[0-9][^ ]*\).*/\1/p' | head -n 1)
        [ -n "$kernel" ] ||
            { lab_needs "apt knows no linux-image-amd64 (apt-get update, or no Debian mirror)"; return; }
    fi
    packages_unpack "$LAB/packages" "$kernel" xen-hypervisor-4.17-amd64 xen-utils-common xenstore-utils \
        grub-xen-host \
        2>"$LAB/fetch" || lab_needs "$(tail -n 1 "$LAB/fetch"): $(head -n 1 "$LAB/fetch")"
}

# The libraries that programs are linked to: lab_libraries PROGRAM...
lab_libraries() {
    local libraries=$LAB_TOOLS/usr/lib/x86_64-linux-gnu
    LD_LIBRARY_PATH=$libraries ldd "$@" 2>/dev/null | sed -n 's/.*=> \(\/[^ ]*\) .*/\1/p' | sort -u
}

# Packs a folder as an initramfs that belongs to root: lab_pack FOLDER >ARCHIVE
lab_pack() {
    (cd "$1" && find . -mindepth 1 | LC_ALL=C sort | cpio --quiet -o -H newc -R 0:0)
}

lab_tree() {
    local tree=$1
    mkdir -p "$tree"/{usr/bin,usr/sbin,usr/lib/x86_64-linux-gnu,usr/lib64,etc/default,etc/xen,proc,sys,dev,run} \
        "$tree"/{tmp,root,lib/modules,out,var/lib/xen,var/log/xen} 2>/dev/null
    rm -rf "$tree/lib"
    ln -s usr/bin usr/sbin usr/lib usr/lib64 "$tree"
    ln -s /run "$tree/var/run"
    ln -s /run/lock "$tree/var/lock"
}

lab_build_dom0() {
    local tree=$1 packages=$LAB/packages/root tools=$LAB_TOOLS/usr/lib/xen-4.17 program name module found
    lab_tree "$tree"
    cp "$(command -v busybox)" "$tree/usr/bin/busybox"
    for name in $(busybox --list); do
        [ "$name" = busybox ] || ln -s /usr/bin/busybox "$tree/usr/bin/$name"
    done
    rm -f "$tree"/usr/bin/{xz,lzma,brctl} # nothing may prefer busybox's brctl to ip
    for name in "${lab_host_programs[@]}"; do
        rm -f "$tree/usr/bin/$name"
        cp -L "$(command -v "$name")" "$tree/usr/bin/$name"
    done
    # Debian's busybox, as a shell, prefers its own start-stop-daemon, which has no --test, to any in PATH.
    ln -sf dash "$tree/usr/bin/sh"
    ln -s ../bin/start-stop-daemon "$tree/usr/sbin/start-stop-daemon"
    mkdir -p "$tree/usr/lib/xen-4.17/bin" "$tree/usr/lib/xen-4.17/lib" "$tree/usr/lib/xen-4.17/boot"
    for program in "$tools"/bin/*; do
        # Scripts there are Python's, which the lab does without.
        if head -c 4 "$program" | grep -q ELF; then cp "$program" "$tree/usr/lib/xen-4.17/bin/"; fi
    done
    cp -r "$tools/lib/." "$tree/usr/lib/xen-4.17/lib/"
    cp -r "$packages/etc/." "$tree/etc/"
    : >"$tree/etc/xen/xl.conf"
    cp -r "$packages/usr/lib/xen-common" "$tree/usr/lib/"
    cp -P "$packages"/usr/sbin/* "$tree/usr/sbin/"
    cp -P "$packages"/usr/bin/xenstore* "$tree/usr/bin/"
    mkdir -p "$tree/usr/lib/init" "$tree/usr/lib/lsb"
    cp /lib/init/vars.sh "$tree/usr/lib/init/"
    cp /lib/lsb/init-functions "$tree/usr/lib/lsb/"
    lab_libraries "$tree"/usr/bin/{bash,dash,choom,prlimit,start-stop-daemon,ip,git,setsid,script,xenstore} \
        "$tree"/usr/sbin/xen* "$tree"/usr/lib/xen-4.17/bin/* |
        while read -r found; do cp -L "$found" "$tree/usr/lib/x86_64-linux-gnu/"; done
    # xl loads it at pthread_cancel.
    cp -L /lib/x86_64-linux-gnu/libgcc_s.so.1 "$tree/usr/lib/x86_64-linux-gnu/"
    cp -L /lib64/ld-linux-x86-64.so.2 "$tree/usr/lib64/"
    mkdir -p "$tree/usr/lib/modules"
    for module in "${lab_modules[@]}" "${lab_disk_modules[@]}"; do
        found=$(find "$packages/lib/modules" -name "$module.ko")
        [ -n "$found" ] || { lab_needs "the kernel's package holds no module $module"; return; }
        cp "$found" "$tree/usr/lib/modules/"
    done
    printf '%s\n' "${lab_modules[@]}" >"$tree/usr/lib/modules/order"
    printf '%s\n' "${lab_disk_modules[@]}" >"$tree/usr/lib/modules/disk-order"
    echo 'root:x:0:0:root:/root:/bin/bash' >"$tree/etc/passwd"
    echo 'root:x:0:' >"$tree/etc/group"
    cp scripts/lib/lab/init "$tree/init"
}

# A Debian kernel's initramfs for a guest: busybox and one script.
lab_build_guest() {
    local tree=$1 name module
    mkdir -p "$tree"/{bin,sbin,proc,sys,dev,modules}
    cp "$(command -v busybox)" "$tree/bin/busybox"
    for name in sh mount ip insmod cat echo sleep ls grep sed; do
        ln -s busybox "$tree/bin/$name"
    done
    # What the kernel runs when the toolstack asks for it; without -f they would ask process 1, our script.
    for name in poweroff reboot; do
        printf '#!/bin/sh\necho "guest: %s"\nexec /bin/busybox %s -f\n' $name $name >"$tree/sbin/$name"
        chmod +x "$tree/sbin/$name"
    done
    for module in "${lab_guest_modules[@]}"; do
        cp "$(find "$LAB/packages/root/lib/modules" -name "$module.ko")" "$tree/modules/" || return 1
    done
    cp scripts/lib/lab/guest-init "$tree/init"
}

# The kernel out of its bzImage, which Xen's loaders take as well: unpacking it under emulation takes seconds
# at every boot. Other packings than Debian's xz are left as they are.
lab_unpack_kernel() {
    local offset
    offset=$(LC_ALL=C grep -aobP -m 1 '\xFD7zXZ\x00' "$1" | head -n 1 | cut -d: -f1)
    # xz complains of what follows its data; whether all came is seen by the ELF header and the size.
    [ -z "$offset" ] || tail -c +$((offset + 1)) "$1" | xz -dc >"$2" 2>/dev/null
    if [ "$(head -c 4 "$2" 2>/dev/null)" != $'\x7fELF' ] || [ "$(stat -c %s "$2")" -lt 20000000 ]; then
        cp "$1" "$2"
    fi
}

# Builds the image unless it is there already. Sets LAB_TOOLS.
lab_image() {
    local lock key new=$LAB/image.new packages=$LAB/packages/root
    mkdir -p "$LAB"
    exec {lock}>"$LAB/lock"
    flock "$lock"
    lab_fetch || return
    key=$(cat scripts/lib/lab/* "$LAB/packages/complete" build/xen-tools/complete | sha256sum)
    if [ "$(cat "$LAB/image/key" 2>/dev/null)" != "$key" ]; then
        rm -rf "$new"
        mkdir -p "$new"
        zcat "$packages/boot/xen-4.17-amd64.gz" >"$new/xen.elf" && # QEMU does not know the packed one
            lab_unpack_kernel "$packages"/boot/vmlinuz-* "$new/vmlinux" &&
            lab_build_guest "$new/guest" &&
            lab_pack "$new/guest" | gzip -1 >"$new/guest.cpio.gz" &&
            lab_build_dom0 "$new/dom0" || return
        mkdir -p "$new/dom0/lab/guest"
        cp "$packages"/boot/vmlinuz-* "$new/dom0/lab/guest/vmlinuz"
        cp "$new/vmlinux" "$new/guest.cpio.gz" "$new/dom0/lab/guest/"
        cp "$packages/usr/lib/grub-xen/grub-i386-xen_pvh.bin" "$new/dom0/lab/guest/grub-pvh.bin" &&
            cp "$packages/usr/lib/grub-xen/grub-x86_64-xen.bin" "$new/dom0/lab/guest/grub-pv.bin" || return
        (cd "$new/dom0" && find . -not -type d) >"$new/names"
        lab_pack "$new/dom0" >"$new/dom0.cpio" || return 1
        chmod 755 "$new/dom0/init"
        rm -rf "$new/dom0" "$new/guest" "$LAB/image"
        echo "$key" >"$new/key"
        mv "$new" "$LAB/image"
    fi
    exec {lock}>&-
}
