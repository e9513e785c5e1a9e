# Counts in Xen's log the guests that QEMU lost; `pages` is a regular expression of our images' hypercall pages,
# by their address without the last three digits.
#
# QEMU 7.2 now and then loses a hardware guest between VMRUN and its next instruction, more often on a loaded
# machine: Xen tells of a triple fault, with the registers of its own VMRUN (code segment e008, which no guest can
# load), or with our guest standing behind the VMMCALL of a hypercall, before a `ret` whose stack is good, its
# exception handlers never called. What was tested then says nothing about the daemon. A fault of ours would be
# there again when the test is made once more.
/Triple fault/ { fault = NR }
fault && NR - fault < 8 && /RIP:/ {
    if ($0 ~ /RIP: *e008:/ || $0 ~ "RIP: *0008:.<0*(" pages ")[0-9a-f][02468ace]8>") lost++
    fault = 0
}
END { print lost + 0 }
