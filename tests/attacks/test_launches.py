"""Two launches share nothing by which one could know or reach the other."""

import json
from pathlib import Path

import pytest

from tests.attacks.conftest import Hosts
from tests.attacks.targets import EACH_TARGET, Target

pytestmark = pytest.mark.parametrize("target", EACH_TARGET)

LOOK = """
import json, os
maps = open('/proc/self/maps').read().splitlines()
libc = next(line.split('-')[0] for line in maps if 'libc.so' in line)
stack = next(line.split('-')[0] for line in maps if '[stack]' in line)
spaces = sorted(os.readlink(f'/proc/self/ns/{n}') for n in ('pid', 'net', 'ipc', 'mnt', 'uts'))
marks = [os.path.join(p, 'mark') for p in ('/tmp', '/home/student', '/dev/shm')]
seen = [p for p in marks if os.path.exists(p)]
for p in marks: open(p, 'w').close()
others = []
for folder, _, names in os.walk('/tmp'):
    others += [os.path.join(folder, n) for n in names if n == 'kernel.json']
key = [json.load(open(p))['key'] for p in others]
inside, outside, _ = map(int, open('/proc/self/uid_map').read().split())
print(json.dumps({'uid': outside + os.getuid() - inside, 'libc': libc, 'stack': stack,
                  'spaces': spaces, 'seen': seen, 'keys': key}))
"""


def looks(target: Target, hosts: Hosts, count: int) -> list[dict[str, object]]:
    host = hosts.of(target)
    before = host.held()
    found = []
    for number in range(count):
        told = host.begin(target.place, LOOK, who=f"student {number}").told(60)
        assert told.outcome == "ok", told
        found.append(json.loads(told.text))
    for number in range(count):
        host.end(f"student {number}")
    assert host.left_over(before) == set()
    return found


def test_launches_share_no_space_no_place_and_no_key(target: Target, hosts: Hosts) -> None:
    first, second, third = looks(target, hosts, 3)
    # Forked from one process, jails share where its libraries lie; docs/isolation.md says so.
    layout = () if target.place == "jail" else ("libc", "stack")
    # Replays come one after another, and the system gives the numbers of spaces that are gone anew.
    spaces = ("spaces",) if target.place == "cell" else ()
    for name in (*spaces, *layout):
        assert len({str(look[name]) for look in (first, second, third)}) == 3, name
    assert [look["seen"] for look in (first, second, third)] == [[], [], []]
    namespaces = ("pid", "net", "ipc", "mnt", "uts")
    own = {str(Path(f"/proc/self/ns/{name}").readlink()) for name in namespaces}
    assert [space for space in first["spaces"] if space in own] == []  # type: ignore[attr-defined]
    keys = [key for look in (first, second, third) for key in look["keys"]]  # type: ignore[attr-defined]
    assert len(keys) == len(set(keys)) == (3 if target.place == "cell" else 0)


def test_launches_have_users_of_their_own(target: Target, hosts: Hosts) -> None:
    uids = [look["uid"] for look in looks(target, hosts, 3)]
    # An ordinary user has no other ids to give; docs/isolation.md says so.
    assert len(set(uids)) == (3 if target.strong else 1)
