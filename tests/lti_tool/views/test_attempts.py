from uuid import uuid4

import pytest
from sqlalchemy import text
from werkzeug.test import TestResponse

from notebooks.attempts.kernels import announce
from notebooks.attempts.runs import MAX_QUEUED
from notebooks.journal import log
from notebooks.kernels.records import KernelState
from tests.lti_tool.site import RUNNER, Launched, Site, json_of


def _save(site: Site, launched: Launched, revision: int, **sources: str) -> TestResponse:
    return site.app.test_client().put(
        f"{launched.api}/document",
        headers=launched.bearer,
        json={"revision": revision, "sources": sources},
    )


def _run(site: Site, launched: Launched, **changes: object) -> TestResponse:
    body = {"run_id": str(uuid4()), "cell_id": "c1", "source": "1 + 1", **changes}
    return site.app.test_client().post(f"{launched.api}/runs", headers=launched.bearer, json=body)


def _validate(site: Site, launched: Launched, subtask: str, revision: int) -> TestResponse:
    return site.app.test_client().post(
        f"{launched.api}/validations",
        headers=launched.bearer,
        json={"subtask": subtask, "revision": revision},
    )


def _kinds(site: Site, launched: Launched) -> list[str]:
    with site.database.transaction() as session:
        return [event.kind for event in log.read(session, launched.stream_id, 0, 1000)]


def test_the_state_of_a_new_attempt_is_its_template(site: Site) -> None:
    launched = site.launch()
    state = json_of(site.app.test_client().get(launched.api, headers=launched.bearer))
    assert state["attempt_id"] == str(launched.attempt_id)
    assert (state["role"], state["graded"], state["last_seq"]) == ("learner", True, 0)
    assert state["case"] == {
        "title": "Wine & <cheese>",
        "description_html": "<p>Look at the <em>table</em> first.</p>\n",
        "locale": "en",
        "subtasks": [
            {"id": "load", "title": "Load it", "points": 4.0},
            {"id": "split", "title": "Split it", "points": 6.0},
        ],
    }
    assert state["document"]["revision"] == 1
    intro, first, _ = state["document"]["cells"]
    assert "<h1>Wine</h1>" in intro["html"]
    assert first == {
        "id": "c1", "kind": "code", "source": "wine = ...", "subtask": "load", "replay": True,
        "html": None,
    }  # fmt: skip
    assert (state["runs"], state["validations"], state["delivery"]) == ({}, {}, None)
    assert state["points"] == {"score": 0.0, "max_score": 10.0}
    assert state["kernel"] == {"state": "idle", "reason": None, "position": None}


def test_a_runner_that_is_away_leaves_the_page_whole(site: Site) -> None:
    launched = site.launch()
    site.attendant.away = True
    response = site.app.test_client().get(launched.api, headers=launched.bearer)
    assert response.status_code == 200
    assert json_of(response)["kernel"] == {"state": "unknown", "reason": None, "position": None}


@pytest.mark.parametrize(
    ("told", "runner", "shown"),
    [
        ("starting", "starting", "starting"),
        ("starting", "idle", "idle"),
        ("idle", "busy", "idle"),
        ("idle", "dead", "dead"),
        ("starting", None, "starting"),
        ("asleep", None, "asleep"),
        ("dead", None, "dead"),
    ],
)
def test_the_kernel_is_as_its_runner_says_and_for_the_reason_that_was_told(
    site: Site, told: KernelState, runner: KernelState | None, shown: KernelState
) -> None:
    launched = site.launch()
    with site.database.transaction() as session:
        announce(session, launched.attempt_id, told, "It was restarted.")
    site.attendant.state = runner
    state = json_of(site.app.test_client().get(launched.api, headers=launched.bearer))
    assert state["kernel"] == {
        "state": shown, "reason": "It was restarted.", "position": None,
    }  # fmt: skip


def test_saving_gives_the_next_revision_and_is_there_after_a_reload(site: Site) -> None:
    launched = site.launch()
    saved = _save(site, launched, 1, c1="wine = 1")
    assert (saved.status_code, json_of(saved)["revision"]) == (200, 2)
    state = json_of(site.app.test_client().get(launched.api, headers=launched.bearer))
    assert state["document"]["cells"][1]["source"] == "wine = 1"
    assert state["document"]["revision"] == 2
    assert state["last_seq"] == 1


def test_saving_over_somebody_else_gets_a_conflict_with_the_other_version(site: Site) -> None:
    launched = site.launch()
    _save(site, launched, 1, c1="first")
    conflict = _save(site, launched, 1, c1="second", c2="other")
    assert conflict.status_code == 409
    assert json_of(conflict)["code"] == "revision_conflict"
    assert json_of(conflict)["document"]["revision"] == 2
    sources = {cell["id"]: cell["source"] for cell in json_of(conflict)["document"]["cells"]}
    assert (sources["c1"], sources["c2"]) == ("first", "train = ...")


def test_a_text_cell_and_an_unknown_cell_cannot_be_saved(site: Site) -> None:
    launched = site.launch()
    assert _save(site, launched, 1, intro="mine now").status_code == 422
    assert _save(site, launched, 1, nowhere="x").status_code == 404
    assert _kinds(site, launched) == []


def test_a_run_is_queued_once_however_often_it_is_sent(site: Site) -> None:
    launched, run_id = site.launch(), str(uuid4())
    for _ in range(2):
        queued = _run(site, launched, run_id=run_id)
        assert queued.status_code == 202
        assert json_of(queued) == {"run_id": run_id, "position": 1}
    assert _kinds(site, launched) == ["run.queued"]
    with site.database.transaction() as session:
        jobs = session.execute(
            text("SELECT args FROM procrastinate_jobs WHERE task_name = 'notebooks:execute_runs'")
        ).scalars()
        assert list(jobs) == [{"attempt_id": str(launched.attempt_id)}]


def test_the_run_that_is_one_too_many_is_refused_and_said_why(site: Site) -> None:
    launched = site.launch()
    answers = [_run(site, launched) for _ in range(MAX_QUEUED + 1)]
    assert [answer.status_code for answer in answers] == [202] * MAX_QUEUED + [429]
    assert json_of(answers[-1])["code"] == "too_many_runs"
    assert str(MAX_QUEUED) in json_of(answers[-1])["error"]
    assert answers[-1].headers["Retry-After"]


def test_stop_drops_what_waits_and_interrupts_what_runs(site: Site) -> None:
    launched = site.launch()
    _run(site, launched)
    stopped = site.app.test_client().post(f"{launched.api}/stop", headers=launched.bearer)
    assert stopped.status_code == 202
    assert site.attendant.stopped == [(RUNNER, str(launched.attempt_id))]
    assert _kinds(site, launched) == ["run.queued", "run.finished"]


def test_stop_without_a_kernel_has_nothing_to_interrupt(site: Site) -> None:
    launched = site.launch()
    site.attendant.state = None
    stopped = site.app.test_client().post(f"{launched.api}/stop", headers=launched.bearer)
    assert stopped.status_code == 202
    state = json_of(site.app.test_client().get(launched.api, headers=launched.bearer))
    assert state["kernel"] == {"state": "unknown", "reason": None, "position": None}


def test_a_place_in_the_queue_for_a_kernel_is_shown(site: Site) -> None:
    launched = site.launch()
    site.attendant.state = "queued"
    state = json_of(site.app.test_client().get(launched.api, headers=launched.bearer))
    assert state["kernel"] == {"state": "queued", "reason": None, "position": 3}


@pytest.mark.parametrize("has_kernel", [True, False])
def test_restarting_drops_what_waits_and_has_a_new_kernel_made_ready(
    site: Site, *, has_kernel: bool
) -> None:
    launched = site.launch()
    _run(site, launched)
    site.attendant.state = "idle" if has_kernel else None
    answer = site.app.test_client().post(f"{launched.api}/kernel/restart", headers=launched.bearer)
    assert answer.status_code == 202
    assert site.attendant.restarted == [(RUNNER, str(launched.attempt_id))] * has_kernel
    assert _kinds(site, launched) == ["run.queued", "run.finished"]
    with site.database.transaction() as session:
        jobs = session.execute(
            text("SELECT count(*) FROM procrastinate_jobs"
                 " WHERE task_name = 'notebooks:prepare_kernel'")
        ).scalar_one()  # fmt: skip
    assert jobs == 1


def test_stop_drops_what_waits_even_if_the_runner_is_away(site: Site) -> None:
    launched = site.launch()
    _run(site, launched)
    site.attendant.away = True
    stopped = site.app.test_client().post(f"{launched.api}/stop", headers=launched.bearer)
    assert (stopped.status_code, json_of(stopped)["code"]) == (503, "kernel_unreachable")
    assert _kinds(site, launched) == ["run.queued", "run.finished"]


def test_a_validation_of_the_current_document_is_queued(site: Site) -> None:
    launched = site.launch()
    queued = _validate(site, launched, "load", 1)
    assert queued.status_code == 202
    state = json_of(site.app.test_client().get(launched.api, headers=launched.bearer))
    assert state["validations"]["load"]["validation_id"] == json_of(queued)["validation_id"]
    assert state["validations"]["load"]["state"] == "queued"


def test_a_validation_of_an_older_document_is_refused(site: Site) -> None:
    launched = site.launch()
    _save(site, launched, 1, c1="wine = 1")
    refused = _validate(site, launched, "load", 1)
    assert (refused.status_code, json_of(refused)["code"]) == (409, "stale_revision")
    assert _validate(site, launched, "load", 2).status_code == 202


def test_a_subtask_that_the_case_does_not_have_is_not_found(site: Site) -> None:
    assert _validate(site, site.launch(), "nowhere", 1).status_code == 404


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"run_id": "1"}, "run_id"),
        ({"cell_id": "../c1"}, "cell_id"),
        ({"source": 5}, "source"),
        ({"source": "x" * 1_000_001}, "source"),
        ({"more": 1}, "more"),
    ],
)
def test_a_body_that_does_not_fit_is_refused_by_the_name_of_the_field(
    site: Site, changes: dict[str, object], field: str
) -> None:
    refused = _run(site, site.launch(), **changes)
    assert (refused.status_code, json_of(refused)["code"]) == (422, "bad_request")
    assert json_of(refused)["error"].startswith(f"{field}: ")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b"null"])
def test_what_is_no_json_object_is_refused(site: Site, body: bytes) -> None:
    launched = site.launch()
    response = site.app.test_client().post(
        f"{launched.api}/runs", headers=launched.bearer, data=body
    )
    assert response.status_code == 422


def test_a_body_of_many_megabytes_is_not_read(site: Site) -> None:
    launched = site.launch()
    response = site.app.test_client().put(
        f"{launched.api}/document", headers=launched.bearer, data=b" " * (8 * 1024 * 1024 + 1)
    )
    assert (response.status_code, json_of(response)["code"]) == (413, "too_large")
