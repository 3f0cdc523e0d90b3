"""Makes system calls under a filter: the program on standard input, the calls as JSON argument.

Prints what came of each call, in order: "ok" or the name of the error. Knows the numbers and the
machine code of x86-64 only.
"""

import ctypes
import errno
import json
import mmap
import sys

PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, SECCOMP_MODE_FILTER = 22, 38, 2
INT80_GETPID = b"\x53\xb8\x14\x00\x00\x00\xcd\x80\x5b\xc3"
"""push rbx; mov eax, 20; int 0x80; pop rbx; ret: getpid as a 32-bit program asks for it."""

libc = ctypes.CDLL(None, use_errno=True)


class Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def install(program: bytes) -> None:
    code = ctypes.create_string_buffer(program, len(program))
    loaded = Program(len(program) // 8, ctypes.addressof(code))
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "no_new_privs")
    if libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(loaded)):
        raise OSError(ctypes.get_errno(), "seccomp")


def call(number: int, *arguments: int) -> str:
    ctypes.set_errno(0)
    result = libc.syscall(ctypes.c_long(number), *map(ctypes.c_uint64, arguments))
    return "ok" if result >= 0 else errno.errorcode[ctypes.get_errno()]


def machine_code(code: bytes) -> int:
    page = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    page.write(code)
    address = ctypes.addressof(ctypes.c_char.from_buffer(page))
    return int(ctypes.CFUNCTYPE(ctypes.c_int)(address)())


install(sys.stdin.buffer.read())
if sys.argv[1] == "int80":
    sys.stdout.write(str(machine_code(INT80_GETPID)))
else:
    sys.stdout.write(json.dumps([call(*arguments) for arguments in json.loads(sys.argv[1])]))
