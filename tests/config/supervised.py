"""Run by test_supervisor: supervises small processes until it is told to stop."""

import signal
import sys
from pathlib import Path

from config.errors import ConfigError
from config.privileges import Launch
from config.processes import ProcessSpec
from config.supervisor import Supervisor, say_to_stderr

# Each says in a common file when it stops, after a moment that would disturb the wrong order.
PROGRAM = """
import signal, sys, time
from pathlib import Path
name, folder = sys.argv[1], Path(sys.argv[2])
def stop(*_):
    time.sleep(float(sys.argv[3]))
    with (folder / "stopped").open("a") as file: file.write(name + "\\n")
    sys.exit(0)
if name == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
else:
    signal.signal(signal.SIGTERM, stop)
(folder / f"{name}.ready").touch()
print("hello from", name, flush=True)
if name == "broken": sys.exit("no such thing")
while True: time.sleep(60)
"""


def main(state: Path, names: list[str]) -> None:
    """Supervise one small process for each name."""

    def spec(name: str, delay: float) -> ProcessSpec:
        argv = [sys.executable, "-c", PROGRAM, name, str(state), str(delay)]
        ready = state / f"{name}.ready"
        return ProcessSpec(
            name=name,
            launch=Launch(argv),
            prepare=lambda: ready.unlink(missing_ok=True),
            ready=lambda: ready.exists() and name != "broken",
            grace_seconds=1,
        )

    with Supervisor(state, say_to_stderr) as supervisor:
        for position, name in enumerate(names):
            supervisor.start(spec(name, 0.1 * position))
        supervisor.every(0.1, (state / "tick").touch)
        supervisor.every(0.1, (state / "wanted").unlink)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        supervisor.run()


if __name__ == "__main__":
    # As at a terminal, also where the tests themselves were started under nohup.
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    try:
        main(Path(sys.argv[1]), sys.argv[2:])
    except ConfigError as error:
        sys.exit(str(error))
