"""Scores: posting one with its comment, and reading back what the grade book shows."""

from lti_tool.models import Registration
from lti_tool.platforms.base import Platform, Reading, Result, Score
from lti_tool.services.client import ServiceClient, ServiceRequest, read_json
from lti_tool.services.urls import below, with_query
from lti_tool.vocab import MediaType, Scope


def post_score(
    client: ServiceClient,
    registration: Registration,
    platform: Platform,
    *,
    line_item_url: str,
    score: Score,
) -> Reading:
    """Post a score and return what the platform's answer means; raises ServiceError."""
    answer = client.send(
        registration,
        ServiceRequest(
            method="POST",
            url=below(line_item_url, "scores"),
            scope=Scope.SCORE,
            media_type=MediaType.SCORE,
            body=platform.score_body(score),
        ),
    )
    return platform.read_answer(answer)


def read_result(
    client: ServiceClient, registration: Registration, *, line_item_url: str, user_id: str
) -> Result | None:
    """Return what the grade book shows for a learner, None for nothing; raises ServiceError."""
    answer = client.send(
        registration,
        ServiceRequest(
            method="GET",
            url=with_query(below(line_item_url, "results"), {"user_id": user_id}),
            scope=Scope.RESULT_READONLY,
            media_type=MediaType.RESULT_CONTAINER,
        ),
    )
    entries = read_json(answer, "Reading results")
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict) and entry.get("userId") == user_id:
            return _result(entry)
    return None


def _result(entry: dict[str, object]) -> Result:
    score, maximum, comment = (
        entry.get(name) for name in ("resultScore", "resultMaximum", "comment")
    )
    return Result(
        score=float(score) if isinstance(score, int | float) else None,
        maximum=float(maximum) if isinstance(maximum, int | float) else 1.0,
        comment=comment if isinstance(comment, str) else None,
    )
