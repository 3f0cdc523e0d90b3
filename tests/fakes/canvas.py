"""A platform that behaves as Canvas's documentation says."""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode

from tests.fakes.gradebook import Entry, GradeBook
from tests.fakes.platform import (
    CONTAINER,
    MEMBERSHIPS,
    RESULTS,
    SCORE,
    Platform,
    Reply,
    Seen,
    moment_of,
)

SUBMISSION = "https://canvas.instructure.com/lti/submission"
FULL_QUOTA = 700.0
PAGE = 10


class Canvas(Platform):
    """Adds up comments, takes equal timestamps, throttles with 403, tells no comment."""

    query = ""

    def __init__(self, tool_key_set: Callable[[], Mapping[str, Any]] | None = None) -> None:
        super().__init__(tool_key_set)
        self.book = GradeBook()
        self.teachers = {"teacher"}
        self.attempts_allowed = 100
        self.quota = FULL_QUOTA

    def answer(self, seen: Seen) -> Reply:
        if not seen.headers.get("User-Agent"):
            return Reply(403, b"User-Agent is required")
        if self.quota <= 0:
            limited = Reply(403, b"403 Forbidden (Rate Limit Exceeded)")
            return replace(limited, headers={"X-Rate-Limit-Remaining": "0.0"})
        reply = super().answer(seen)
        headers = {**reply.headers, "X-Rate-Limit-Remaining": str(self.quota)}
        return replace(reply, headers=headers)

    def _page(self, items: list[dict[str, Any]], seen: Seen) -> Reply:
        query = dict(parse_qsl(seen.query))
        start = int(base64.b64decode(query["page"])) if "page" in query else 0
        headers = {}
        if start + PAGE < len(items):
            bookmark = base64.b64encode(str(start + PAGE).encode()).decode()
            following = urlencode({**query, "page": bookmark})
            headers["Link"] = f'<{self.origin}/lineitems?{following}>; rel="next"'
        body = json.dumps(items[start : start + PAGE]).encode()
        return Reply(body=body, content_type=CONTAINER, headers=headers)

    def _members(self, seen: Seen) -> Reply:
        """Answer ten members at a time, whatever the limit, with a bookmark that has capitals."""
        if seen.headers.get("Accept") != MEMBERSHIPS:
            return Reply(406)
        query = dict(parse_qsl(seen.query))
        start = int(base64.b64decode(query["page"])) if "page" in query else 0
        headers = {}
        if start + PAGE < len(self.roster):
            bookmark = base64.b64encode(str(start + PAGE).encode()).decode()
            following = urlencode({**query, "page": bookmark})
            headers["Link"] = f'<{self.origin}/members?{following}>; rel="next"'
        page = {"id": f"{self.origin}/members", "members": self.roster[start : start + PAGE]}
        return Reply(body=json.dumps(page).encode(), content_type=MEMBERSHIPS, headers=headers)

    def _create(self, seen: Seen, scopes: frozenset[str]) -> Reply:
        links = {item.get("resourceLinkId") for item in self.line_items.values()}
        wanted = seen.json.get("resourceLinkId")
        if wanted is not None and wanted not in links | {"link-1"}:
            return Reply(412, b"The specified LTI link ID is not associated with the line item.")
        return super()._create(seen, scopes)

    def _score(self, number: str, seen: Seen) -> Reply:
        assert seen.headers["Content-Type"] == SCORE
        score = seen.json
        entry = self.book.of(score["userId"], number)
        refusal = self._refusal(score, entry)
        if refusal is not None:
            return refusal
        extension = score.get(SUBMISSION, {})
        entry.timestamp = moment_of(score)
        entry.taken.append(score)
        entry.attempts += extension.get("new_submission", True)
        entry.submitted_at = score.get("submission", {}).get("submittedAt", entry.submitted_at)
        if "comment" in score:
            entry.comments.append(score["comment"])
        if not (entry.by_hand is not None and extension.get("prioritize_non_tool_grade")):
            entry.by_hand = None
            self._grade(entry, score, extension)
        self.scores.append({**score, "item": number})
        return Reply(body=b'{"resultUrl": "%s/results/1"}' % self.origin.encode())

    def _grade(self, entry: Entry, score: dict[str, Any], extension: dict[str, Any]) -> None:
        graded = score["gradingProgress"] in {"FullyGraded", "PendingManual"}
        if graded and "scoreGiven" in score:
            entry.share = score["scoreGiven"] / score["scoreMaximum"]
        elif not extension.get("preserve_score"):
            entry.share = None

    def _refusal(self, score: dict[str, Any], entry: Entry) -> Reply | None:
        if "scoreGiven" in score and "scoreMaximum" not in score:
            return _error(422, "ScoreMaximum must be present if ScoreGiven is present")
        if score["userId"] in self.teachers | {"stranger"}:
            return _error(422, "User not found in course or is not a student")
        if entry.timestamp is not None and moment_of(score) < entry.timestamp:
            return _error(
                400,
                f"Provided timestamp of {score['timestamp']} before last updated timestamp of"
                f" {entry.timestamp.isoformat()}",
            )
        submitted_at = score.get("submission", {}).get("submittedAt")
        if submitted_at is not None:
            late = datetime.fromisoformat(submitted_at) - self.now()
            if late > timedelta(minutes=1):
                return _error(
                    400, f"Provided submitted_at timestamp of {submitted_at} in the future"
                )
        if entry.attempts >= self.attempts_allowed:
            return _error(422, "The maximum number of allowed attempts has been reached")
        return None

    def _results(self, number: str, user: str, seen: Seen) -> Reply:
        assert seen.headers["Accept"] == RESULTS
        entry, item = self.book.of(user, number), self.line_items[number]
        result: dict[str, Any] = {
            "id": f"{self.origin}/lineitems/{number}/lineitem/results/1",
            "scoreOf": item["id"],
            "userId": user,
            "resultMaximum": item["scoreMaximum"],
        }
        if entry.shown is not None:
            result["resultScore"] = round(entry.shown * item["scoreMaximum"], 2)
        known = entry.timestamp is not None or entry.by_hand is not None
        return Reply(body=json.dumps([result] if known else []).encode(), content_type=RESULTS)


def _error(status: int, message: str) -> Reply:
    body = {"errors": {"type": "unprocessable_entity", "message": message}}
    return Reply(status, json.dumps(body).encode())
