"""Attacks by what a kernel or a replay says: floods, nonsense and forged messages.

Whatever is said is a claim. It may fool its own author about the own run, never the runner.
"""

from tests.attacks.table import Attack
from tests.attacks.targets import SMALL

_CELL = frozenset({"cell"})
_REPLAY = frozenset({"replay", "jail"})
_ENDS = frozenset({"ok", "error", "died", "timeout"})
_PATIENT = SMALL.model_copy(update={"run_seconds": 20})

_FORGE = """
k = get_ipython().kernel
parent = k.get_parent()
def say(kind, content, **rest):
    k.session.send(k.iopub_socket, kind, content, parent=parent, ident=k._topic(kind), **rest)
def reply(kind, content):
    k.session.send(k.shell_stream, kind, content, parent=parent, ident=k._parent_ident['shell'])
"""

MESSAGES = (
    Attack(
        "printing without end", "while True: print('x' * 100_000)",
        # Dropped, not kept: only time ends it.
        frozenset({"timeout"}), places=_CELL, often=True,
    ),
    Attack("printing without end", "while True: print('x' * 100_000)", _ENDS, places=_REPLAY),
    Attack(
        "displays without end", "from IPython.display import display\nwhile True: display(1)", _ENDS
    ),
    Attack(
        "a hundred thousand messages",
        f"{_FORGE}\nfor n in range(100_000): say('display_data', "
        "{'data': {'text/plain': 'x'}, 'metadata': {}, 'transient': {}})",
        _ENDS, limits=_PATIENT, places=_CELL,
    ),
    Attack(
        "a message of a gigabyte",
        f"{_FORGE}\nsay('stream', {{'name': 'stdout', 'text': 'x' * 2**30}})",
        _ENDS, limits=_PATIENT.model_copy(update={"memory_bytes": 3 * 2**30}), places=_CELL,
    ),
    Attack(
        "a forged idle before an error",
        f"{_FORGE}\nsay('status', {{'execution_state': 'idle'}})\nraise ValueError('real')",
        frozenset({"error"}), places=_CELL, often=True,
    ),
    Attack(
        "a forged reply",
        f"{_FORGE}\nreply('execute_reply', {{'status': 'ok', 'execution_count': 'many'}})\n"
        "raise ValueError('real')",
        frozenset({"ok", "error"}), places=_CELL,
    ),
    Attack(
        "forged replies of the wrong shape",
        f"{_FORGE}\n"
        "for content in ([], 'x', 1, None, {}, {'status': []}, {'status': None}):\n"
        "    try: reply('execute_reply', content)\n    except Exception: pass\n"
        "    try: reply(content, {})\n    except Exception: pass\nwhile True: pass",
        # Whatever the runner makes of them, the loop ends in time.
        frozenset({"died", "timeout"}), places=_CELL,
    ),
    Attack(
        "forged messages of the wrong shape",
        f"{_FORGE}\nfor kind in ('stream', 'status', 'error', 'display_data', 'execute_result',\n"
        "             'update_display_data', 'clear_output', 'shutdown_reply', 'comm_open',\n"
        "             'x', ''):\n"
        "    for content in ([], 'x', 1, None, {}, {'data': [1]}, {'text': 1, 'name': []},\n"
        "                    {'traceback': {}, 'ename': [], 'evalue': {}},\n"
        "                    {'data': {'text/plain': {}, 'image/png': []}, 'transient': []},\n"
        "                    {'execution_state': ['idle']}, {'wait': 'yes'}):\n"
        "        try: say(kind, content)\n        except Exception: pass\nprint('said')",
        _ENDS, places=_CELL,
    ),
    Attack(
        "bytes that are no messages",
        f"{_FORGE}\nimport zmq\nfor parts in ([b''], [b'x'] * 3, [b'x', b'<IDS|MSG>'],\n"
        "              [b'x', b'<IDS|MSG>', b'', b'[', b'{', b'}', b']'],\n"
        "              [b'\\xff' * 10**6] * 5):\n    k.iopub_socket.send_multipart(parts)\n"
        "while True: pass",
        frozenset({"died", "timeout"}), places=_CELL,
    ),
    Attack(
        "a request for a password",
        "import getpass\ngetpass.getpass()", frozenset({"error"}), places=_CELL,
    ),
    Attack(
        "a shutdown ordered from inside",
        "import json, os, sys, zmq\nfrom jupyter_client import BlockingKernelClient\n"
        "from ipykernel.connect import get_connection_file\n"
        "c = BlockingKernelClient(connection_file=get_connection_file())\n"
        "c.load_connection_file(); c.start_channels(); c.shutdown()\n"
        "import time; time.sleep(60)",
        frozenset({"died", "ok", "error", "timeout"}), places=_CELL,
    ),
    Attack(
        "the sockets of the own kernel, removed and swapped",
        "import os, socket\nfrom ipykernel.connect import get_connection_file\n"
        "folder = os.path.dirname(get_connection_file()); done = []\n"
        "for action in (lambda: os.remove(folder + '/s-1'),\n"
        "               lambda: os.symlink('/etc/passwd', folder + '/s-6'),\n"
        "               lambda: os.rename(folder + '/s-1', folder + '/s-9'),\n"
        "               lambda: socket.socket(socket.AF_UNIX).bind(folder + '/s-8'),\n"
        "               lambda: os.link('/etc/passwd', folder + '/l'),\n"
        "               lambda: open(folder + '/big', 'wb'),\n"
        "               lambda: os.chmod(folder, 0o777), lambda: os.mkdir(folder + '/d'),\n"
        "               lambda: os.rename(folder, folder + 'x')):\n"
        "    try: action(); done.append('done')\n    except OSError as error: pass\n"
        "print(done, len(os.listdir(os.path.dirname(folder))))",
        frozenset({"ok"}), "[] 1\n", places=_CELL, needs_root=True, often=True,
    ),
    Attack(
        "nonsense in every descriptor",
        "import os\nfor n in range(3, 64):\n"
        "    try: os.write(n, b'{\"n\": \"\", \"ok\": true}\\n')\n"
        "    except OSError: pass",
        frozenset({"protocol", "died", "timeout", "ok", "error"}), places=_REPLAY,
    ),
    Attack(
        "a line without an end",
        "import os\nwhile True:\n    for n in range(3, 16):\n"
        "        try: os.write(n, b'x' * 65536)\n        except OSError: pass",
        frozenset({"protocol", "died", "timeout"}), places=_REPLAY,
    ),
    Attack(
        "descriptors closed",
        "import os\nos.closerange(0, 1024)",
        frozenset({"protocol", "died", "timeout", "error"}), places=_REPLAY,
    ),
    Attack(
        "a child that goes on with the dialogue",
        "import os, time\nif os.fork(): time.sleep(1)",
        frozenset({"ok", "protocol", "died", "timeout"}), places=_REPLAY,
    ),
)  # fmt: skip
