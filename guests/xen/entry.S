// PVH entry (docs/misc/pvh.pandoc, "x86/HVM direct boot ABI"): Xen starts us in flat 32-bit
// protected mode without paging, %ebx pointing to hvm_start_info. We go to long mode on a plain
// identity map of 4 GiB; start.cpp replaces it by one in which nothing is both writable and
// executable.

#define CODE_SEGMENT 0x08
#define DATA_SEGMENT 0x10

    .section .note.Xen, "a", @note
    .align 4
    .long 4, 4, 18                  // name length, value length, XEN_ELFNOTE_PHYS32_ENTRY
    .asciz "Xen"
    .long stemma_entry

    .section .text.entry, "ax", @progbits
    .code32
    .globl stemma_entry
stemma_entry:
    cld
    movl $boot_stack_top, %esp
    movl %ebx, %esi
    rdtsc
    movl %eax, entry_ticks
    movl %edx, entry_ticks + 4

    // Four page directories of 2 MiB pages.
    movl $boot_directories, %edi
    movl $0x83, %eax                // present, writable, 2 MiB
    movl $2048, %ecx
1:  movl %eax, (%edi)
    addl $0x200000, %eax
    addl $8, %edi
    loop 1b
    movl $(boot_directories + 0x3), %eax
    movl $boot_pointers, %edi
    movl $4, %ecx
2:  movl %eax, (%edi)
    addl $0x1000, %eax
    addl $8, %edi
    loop 2b
    movl $(boot_pointers + 0x3), boot_root

    movl %cr4, %eax
    orl $0x620, %eax                // PAE, OSFXSR, OSXMMEXCPT
    movl %eax, %cr4
    movl $boot_root, %eax
    movl %eax, %cr3
    movl $0xc0000080, %ecx          // EFER: LME, NXE
    rdmsr
    orl $0x900, %eax
    wrmsr
    movl %cr0, %eax
    andl $0xfffffffb, %eax          // not EM
    orl $0x80010022, %eax           // PG, WP, NE, MP
    movl %eax, %cr0
    lgdt boot_gdt_pointer
    ljmp $CODE_SEGMENT, $long_mode

    .code64
long_mode:
    movl $DATA_SEGMENT, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    xorl %eax, %eax
    movl %eax, %fs
    movl %eax, %gs
    movq $boot_stack_top, %rsp
    xorl %ebp, %ebp                 // the end of every back trace
    movl %esi, %edi
    call stemma_start
    ud2

// Exceptions: all are fatal. Each stub leaves vector and error code on the stack for the report.
    .section .text
    .macro exception vector, has_error
    .align 16
    .if \has_error == 0
    pushq $0
    .endif
    pushq $\vector
    jmp exception_common
    .endm

    .align 16
    .globl exception_stubs
exception_stubs:
    .irp vector, 0, 1, 2, 3, 4, 5, 6, 7
    exception \vector, 0
    .endr
    exception 8, 1
    exception 9, 0
    .irp vector, 10, 11, 12, 13, 14
    exception \vector, 1
    .endr
    .irp vector, 15, 16
    exception \vector, 0
    .endr
    exception 17, 1
    .irp vector, 18, 19, 20
    exception \vector, 0
    .endr
    exception 21, 1
    .irp vector, 22, 23, 24, 25, 26, 27, 28
    exception \vector, 0
    .endr
    .irp vector, 29, 30
    exception \vector, 1
    .endr
    exception 31, 0

exception_common:
    movq %rsp, %rdi                 // struct ExceptionFrame
    movq %rbp, %rsi
    andq $-16, %rsp
    call stemma_exception
    ud2

// Filled in by Xen (hypercall.hpp); a stub of 32 bytes for each hypercall. Takes no room in the file.
    .section .hypercall_page, "ax", @nobits
    .balign 4096
    .globl hypercall_page
hypercall_page:
    .skip 4096

    .section .rodata
    .align 8
boot_gdt:
    .quad 0
    .quad 0x00af9b000000ffff        // 64-bit code
    .quad 0x00cf93000000ffff        // data
boot_gdt_pointer:
    .word . - boot_gdt - 1
    .long boot_gdt

    .section .bss
    .balign 8
    .globl entry_ticks              // of the time stamp counter, when Xen started us
entry_ticks:
    .skip 8
    .balign 4096
boot_root:
    .skip 4096
boot_pointers:
    .skip 4096
boot_directories:
    .skip 4 * 4096
// Not mapped in the end, so that running off the stack is an exception and no silent damage.
    .globl stack_guard
stack_guard:
    .skip 4096
    .skip 64 * 1024
boot_stack_top:

    .section .note.GNU-stack, "", @progbits
