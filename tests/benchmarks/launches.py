"""How many students can open their activity at the same time.

`python -m tests.benchmarks.launches [LAUNCHES] [AT_ONCE]`; 2000 50 by default. A launch is what a
browser waits for: login, the platform's signed answer, and the page that it leads to. The tool runs
as in production, two web processes on a durable PostgreSQL; the students, each a new one, and their
platform share its two cores, so that signing their messages counts against it. No kernels start:
the worker that would start them is not there.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

from pydantic import SecretStr

from config.database import Database, connect
from config.migrate import upgrade
from config.postgres import EmbeddedPostgres
from config.settings import Settings
from lti_tool.operation.up import service_specs
from tests.benchmarks.report import Figure, print_report
from tests.e2e.stack import free_ports, wait_for
from tests.fakes.platform import Platform, serve
from tests.lti_tool.factories import add_case, learner_claims, register, sign

WARM_UP = 100
"""Launches before those that count: connections are opened, code is loaded."""


@contextmanager
def tool(platform: Platform) -> Iterator[Settings]:
    """Run web and database, with the platform registered and a case ready."""
    with tempfile.TemporaryDirectory(prefix="casebook-bench-") as folder:
        settings = Settings(state_dir=Path(folder) / "state", port=free_ports())
        server = EmbeddedPostgres(settings)
        server.start()
        upgrade(server.url())
        settings = settings.model_copy(update={"database_url": SecretStr(server.url())})
        engine = connect(server.url())
        with Database(engine).transaction() as session:
            register(session, platform)
            add_case(session)
        engine.dispose()
        web = next(spec for spec in service_specs(settings) if spec.name == "web")
        process = subprocess.Popen(
            web.launch.argv, env=dict(web.environment or {}), stderr=subprocess.DEVNULL
        )
        try:
            wait_for(web.ready, seconds=60, what="the tool answers")
            yield settings
        finally:
            process.terminate()
            process.wait()
            server.stop()


class Student:
    """One student's browser."""

    def __init__(self, settings: Settings, platform: Platform, number: int) -> None:
        self._settings = settings
        self._platform = platform
        self._number = number
        self._cookie = ""

    def launch(self) -> float:
        """Open the activity and return how long that took, in milliseconds."""
        began = time.perf_counter()
        connection = HTTPConnection("127.0.0.1", self._settings.tool_port, timeout=60)
        target = f"{self._settings.public_url}/lti/launch"
        login = {
            "iss": self._platform.origin,
            "login_hint": "hint",
            "target_link_uri": target,
            "client_id": self._platform.client_id,
        }
        sent_to = parse_qs(urlsplit(self._post(connection, "/lti/login", login, 302)).query)
        claims = learner_claims(self._platform, target, sent_to["nonce"][0])
        claims["sub"] = f"student-{self._number}"
        answer = {"state": sent_to["state"][0], "id_token": sign(self._platform, claims)}
        page = self._post(connection, "/lti/launch", answer, 303)
        connection.request("GET", page)
        response = connection.getresponse()
        body = response.read()
        connection.close()
        if response.status != 200 or b"casebook-boot" not in body:
            raise RuntimeError(f"the page answered {response.status}")
        return (time.perf_counter() - began) * 1000

    def _post(
        self, connection: HTTPConnection, path: str, form: dict[str, str], expected: int
    ) -> str:
        """Post a form and return where it leads."""
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": self._cookie}
        connection.request("POST", path, urlencode(form), headers)
        response = connection.getresponse()
        response.read()
        if response.status != expected:
            raise RuntimeError(f"{path} answered {response.status}")
        self._cookie = (response.headers["Set-Cookie"] or "").partition(";")[0]
        return response.headers["Location"] or ""


def main(launches: int = 2000, at_once: int = 50) -> int:
    """Let everybody launch and print how fast it went."""
    with serve(Platform()) as platform, tool(platform) as settings:
        students = [Student(settings, platform, n) for n in range(WARM_UP + launches)]
        with ThreadPoolExecutor(at_once) as pool:
            list(pool.map(Student.launch, students[:WARM_UP]))
            began = time.perf_counter()
            waits = list(pool.map(Student.launch, students[WARM_UP:]))
            seconds = time.perf_counter() - began
    slow = statistics.quantiles(waits, n=20)[-1]
    print(f"{launches} launches, {at_once} at a time, in {seconds:.1f} s")
    print_report(
        [
            Figure("launches_per_second", round(launches / seconds, 1), "1/s", launches),
            Figure("launch_p95_ms", round(slow, 1), "ms", launches),
        ]
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(*(int(value) for value in sys.argv[1:])))
