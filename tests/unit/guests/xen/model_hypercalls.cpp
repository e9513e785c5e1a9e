// A Xen that answers every hypercall with 0: the page of stubs that it would fill in.
asm(R"(
    .pushsection .text
    .balign 4096
    .globl hypercall_page
hypercall_page:
    .rept 128
    .balign 32
    xorl %eax, %eax
    ret
    .endr
    .balign 4096
    .popsection
)");
