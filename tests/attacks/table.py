"""What students try that does not stop at a door: floods, bombs, hangs, and lies about the run.

Each is the source of one cell. It runs beside a neighbour's kernel, which has to answer meanwhile
and afterwards; then nothing may be left of it.
"""

from dataclasses import dataclass, field

from notebooks.kernels.records import Limits
from tests.attacks.targets import SMALL, Target

_ENDS = frozenset({"ok", "error", "died", "timeout"})
"""It ends somehow; that it ends, and harms nobody, is what counts."""
_DIES = frozenset({"died", "timeout"})
_DIED = frozenset({"died"})


@dataclass(frozen=True, slots=True)
class Attack:
    """A cell that means harm."""

    name: str
    source: str
    outcomes: frozenset[str] = _ENDS
    """What may come of it."""
    text: str | None = None
    """What it prints if it gets that far."""
    limits: Limits = SMALL
    often: bool = False
    """Whether it runs in every test run, against one target, and not only in the long ones."""
    places: frozenset[str] = field(default_factory=lambda: frozenset({"cell", "replay", "jail"}))
    needs_groups: bool = False
    """Whether only control groups hold it: an ordinary user's limits are per process."""
    needs_root: bool = False
    """Whether only a user id of the sandbox's own holds it."""
    needs_container: bool = False
    """Whether it is aimed at what only a container has inside."""
    ends_containers: bool = False
    """Whether it may also die in a container, since there it sees processes of ours beside it."""

    def meets(self, target: Target) -> bool:
        """Return whether it can be tried there."""
        held = target.strong or not (self.needs_groups or self.needs_root)
        found = target.contained or not self.needs_container
        return target.place in self.places and held and found

    def outcomes_in(self, target: Target) -> frozenset[str]:
        """Return what may come of it there."""
        return self.outcomes | (_DIED if self.ends_containers and target.contained else frozenset())


RESOURCES = (
    Attack(
        "a fork bomb",
        "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass",
        _DIES,
        often=True,
    ),
    Attack(
        "forks that are counted",
        "import os, time\nn = 0\n"
        "try:\n    while n < 500:\n        if os.fork() == 0: time.sleep(30); os._exit(0)\n"
        # The limit, and the room that the jail's own processes do not need.
        "        n += 1\nexcept OSError: pass\nprint(n <= 64 + 4)",
        frozenset({"ok"}),
        "True\n",
    ),
    Attack(
        "a thread bomb",
        "import threading, time\nn = 0\ntry:\n    while n < 5000:\n"
        "        threading.Thread(target=time.sleep, args=(20,), daemon=True).start(); n += 1\n"
        "except RuntimeError: pass\nprint(n <= 80)",
        frozenset({"ok", "died"}),
        "True\n",
    ),
    Attack(
        "memory without end",
        "x = []\nwhile True: x.append(bytearray(50_000_000))",
        frozenset({"died", "error"}),
        # It has to reach its limit, however slowly a busy machine hands memory out.
        limits=SMALL.model_copy(update={"run_seconds": 20}),
        often=True,
    ),
    Attack(
        "memory in many processes",
        "import os, time\nfor _ in range(20):\n    if os.fork() == 0:\n"
        "        x = bytearray(100_000_000); time.sleep(30); os._exit(0)\ntime.sleep(2)",
        needs_groups=True,
    ),
    Attack(
        "memory in small files of all three places",
        "for place in ('/tmp', '/dev/shm', '/home/student'):\n"
        "    try:\n        n = 0\n        while True:\n"
        "            n += 1; open(f'{place}/f{n}', 'wb').write(b'x' * 10**6)\n"
        "    except OSError as error: print(error.errno)",
        frozenset({"ok"}),
        "28\n28\n28\n",
    ),
    Attack(
        "empty files without end",
        "n = 0\nwhile True:\n    n += 1; open(f'/tmp/f{n}', 'wb').close()",
        frozenset({"error", "died", "timeout"}),
        needs_groups=True,
    ),
    Attack(
        "maps without end",
        "import mmap\nx = []\nwhile True:\n    m = mmap.mmap(-1, 4096); m[0] = 1; x.append(m)",
        frozenset({"error", "died", "timeout"}),
    ),
    Attack(
        "shared memory outside every folder",
        "import os\nfds = []\nwhile True:\n    fd = os.memfd_create('x'); fds.append(fd)\n"
        "    os.write(fd, b'x' * 50_000_000)",
        frozenset({"error", "died"}),
        needs_groups=True,
    ),
    Attack(
        "the page cache",
        "import os, sys\nfor folder, _, names in os.walk(sys.prefix):\n    for name in names:\n"
        "        try: open(os.path.join(folder, name), 'rb').read()\n"
        "        except OSError: pass\nprint('read')",
        frozenset({"ok", "timeout"}),
        "read\n",
        SMALL.model_copy(update={"run_seconds": 20}),
    ),
    Attack(
        "descriptors without end",
        "import os\nx = []\ntry:\n    while True: x.append(os.pipe())\n"
        "except OSError as error: print(error.errno)\nfor r, w in x: os.close(r); os.close(w)",
        frozenset({"ok"}),
        "24\n",
    ),
    Attack("a loop without end", "while True: pass", frozenset({"timeout", "died"})),
    Attack(
        "loops on many processors",
        "import os, time\nfor _ in range(20):\n    if os.fork() == 0:\n        while True: pass\n"
        "time.sleep(3)",
    ),
    Attack(
        "a sparse file of a terabyte",
        "import os\nfd = os.open('/tmp/sparse', os.O_CREAT | os.O_RDWR)\n"
        "try:\n    os.ftruncate(fd, 10**12); n = 0\n"
        "    while True: os.pwrite(fd, b'x' * 4096, n * 10**6); n += 1\n"
        "except OSError as error: print(error.errno)",
        frozenset({"ok"}),
        "28\n",
    ),
    Attack(
        "folders in folders in folders",
        "import os\ntry:\n    for _ in range(50_000): os.mkdir('d'); os.chdir('d')\n"
        "except OSError: pass\nos.chdir('/home/student'); print('deep')",
        frozenset({"ok", "timeout", "died"}),
        "deep\n",
    ),
    Attack(
        "a crash with much memory",
        "import ctypes\nx = bytearray(200_000_000)\nctypes.string_at(0)",
        frozenset({"died"}),
    ),
    Attack(
        "locked memory",
        "import ctypes, mmap\nm = mmap.mmap(-1, 300_000_000)\n"
        "print(ctypes.CDLL(None).mlockall(3) != 0)",
        frozenset({"ok", "died", "error"}),
    ),
    Attack(
        "message queues and semaphores of the host",
        "import subprocess\nprint(len(open('/proc/sysvipc/shm').readlines()),"
        " len(open('/proc/sysvipc/sem').readlines()))",
        frozenset({"ok"}),
        "1 1\n",
    ),
)

# Writes x86-64 code into the init and the shells of the own container: tell the lifeline of an end
# that is none, let go of it, and wait. A call that is interrupted begins anew two bytes earlier.
_FORGED_END = r"""
import os, signal, time
from pathlib import Path
def call(number, first): return b'\xb8%c\0\0\0\xbf%c\0\0\0' % (number, first)
WRITE, CLOSE, PAUSE, DO = 1, 3, 34, b'\x0f\5'
LATER = b''.join(call(CLOSE, fd) + DO for fd in (10, 3, 0)) + call(PAUSE, 0) + DO + b'\xeb\xf2'
WORD = b'\x48\x8d\x35' + (7 + len(LATER)).to_bytes(4, 'little') + b'\xba\6\0\0\0'
CODE = b'\xeb\0' + call(WRITE, 10) + WORD + DO + LATER + b'end 0\n'
found = {int(p.name): (p / 'comm').read_text().strip() for p in Path('/proc').glob('[0-9]*')}
others = [pid for pid, name in sorted(found.items(), reverse=True) if name in ('tini', 'sh')]
try:
    for pid in others:
        at = int(Path(f'/proc/{pid}/syscall').read_text().split()[-1], 16) - 2
        with open(f'/proc/{pid}/mem', 'r+b', buffering=0) as memory:
            memory.seek(at)
            memory.write(CODE)
        os.kill(pid, signal.SIGSTOP)
        os.kill(pid, signal.SIGCONT)
        time.sleep(0.2)
except OSError as error: print(error)
time.sleep(60)
"""

PROCESSES = (
    Attack("os._exit", "import os\nos._exit(0)", frozenset({"died"}), often=True),
    Attack("a signal to itself", "import os\nos.kill(os.getpid(), 9)", frozenset({"died"})),
    Attack("it stops itself", "import os\nos.kill(os.getpid(), 19)", frozenset({"timeout"})),
    Attack(
        "a signal to everybody",
        "import os\nos.kill(-1, 9)",
        # There is nobody: neither oneself nor process 1 is meant, and the host's are not seen.
        frozenset({"ok", "error"}),
        ends_containers=True,
        often=True,
    ),
    Attack(
        "it stops everybody",
        "import os\ntry: os.kill(-1, 19)\nexcept OSError: pass\nos.kill(os.getpid(), 19)",
        frozenset({"timeout"}),
    ),
    Attack(
        "signals to every number",
        # A thread's number stands for its process: the attacker's own must be left out.
        "import os\nown = {int(n) for n in os.listdir('/proc/self/task')}\n"
        "for pid in range(2, 70_000):\n    if pid in own: continue\n"
        "    try: os.kill(pid, 9)\n    except OSError: pass\nprint('done')",
        frozenset({"ok"}),
        text="done\n",
        ends_containers=True,
    ),
    Attack(
        "daemons",
        "import os, time, signal\nfor _ in range(5):\n    if os.fork() == 0:\n        os.setsid()\n"
        "        if os.fork() == 0:\n            for n in range(1, 65):\n"
        "                try: signal.signal(n, signal.SIG_IGN)\n"
        "                except (OSError, ValueError): pass\n            time.sleep(3600)\n"
        "        os._exit(0)\nprint('born')",
        frozenset({"ok"}),
        "born\n",
        often=True,
    ),
    Attack(
        "SIGINT ignored",
        "import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "while True: time.sleep(1)",
        frozenset({"timeout"}),
    ),
    Attack(
        "KeyboardInterrupt swallowed",
        "import time\nwhile True:\n    try: time.sleep(1)\n    except BaseException: pass",
        frozenset({"timeout"}),
        often=True,
    ),
    Attack(
        "C code that does not return",
        "import ctypes\nlibc = ctypes.PyDLL(None)\nwhile True: libc.sleep(60)",
        frozenset({"timeout"}),
    ),
    Attack(
        "the processing time used up",
        "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
        frozenset({"died", "timeout"}),
        limits=SMALL.model_copy(update={"cpu_seconds": 2, "run_seconds": 20}),
    ),
    Attack(
        "the end of the own container, forged",
        _FORGED_END,
        _DIES,
        needs_container=True,
    ),
)
