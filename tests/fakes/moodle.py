"""A platform that behaves as Moodle 5.1.3 and 4.3.0 were seen to."""

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

from tests.fakes.gradebook import GradeBook
from tests.fakes.platform import CONTAINER, RESULTS, SCORE, Platform, Reply, Seen, moment_of

NO_HANDLER = Reply(400, b'{"status": 400, "reason": "No handler found"}')
REQUIRED = ("userId", "timestamp", "activityProgress", "gradingProgress")


class Moodle(Platform):
    """Compares whole seconds, rescales and clips, wipes what is not final or has no comment."""

    query = "?type_id=1"

    def __init__(self, tool_key_set: Callable[[], Mapping[str, Any]] | None = None) -> None:
        super().__init__(tool_key_set)
        self.book = GradeBook()
        self.teachers = {"teacher"}
        self.page_size: int | None = None
        """Columns on a page though no limit is asked for, as a site with many is set up."""

    def _list(self, seen: Seen) -> Reply:
        return super()._list(seen) if seen.headers.get("Accept") == CONTAINER else NO_HANDLER

    def _page(self, items: list[dict[str, Any]], seen: Seen) -> Reply:
        query = dict(parse_qsl(seen.query))
        limit = int(query.get("limit", self.page_size or len(items) or 1))
        start = int(query.get("from", 0))
        headers = {}
        if start + limit < len(items):
            following = urlencode({**query, "limit": limit, "from": start + limit})
            headers["Link"] = f"<{self.origin}/lineitems?{following}>; rel=\u201cnext\u201d"
        body = json.dumps(items[start : start + limit]).encode()
        return Reply(body=body, content_type=CONTAINER, headers=headers)

    def enrol(self, user_id: str, *roles: str, **members: Any) -> None:
        """Name roles shortly, which Moodle does in rosters alone."""
        short = [role.rpartition("#")[2] for role in roles]
        extra = {"ext_user_username": f"{user_id}-login", "lis_person_sourcedid": ""}
        super().enrol(user_id, *short, **extra, **members)

    def _score(self, number: str, seen: Seen) -> Reply:
        if seen.headers.get("Content-Type") != SCORE:
            return NO_HANDLER
        score = seen.json
        problem = self._problem(score)
        if problem is not None:
            return Reply(400, problem)
        entry = self.book.of(score["userId"], number)
        if entry.locked:
            return Reply(500, b"[]")
        timestamp = moment_of(score).replace(microsecond=0)
        if entry.timestamp is not None and timestamp <= entry.timestamp:
            return Reply(409, b'{"reason": "Refusing score with an earlier timestamp"}')
        entry.timestamp = timestamp
        entry.taken.append(score)
        final = score["gradingProgress"] == "FullyGraded" and "scoreGiven" in score
        entry.share = min(score["scoreGiven"] / score["scoreMaximum"], 1) if final else None
        entry.comments = [score["comment"]] if "comment" in score else []
        self.scores.append({**score, "item": number})
        return Reply(200)

    def _problem(self, score: dict[str, Any]) -> bytes | None:
        if any(name not in score for name in REQUIRED):
            return b'{"reason": "Missing required field"}'
        if "scoreGiven" in score and "scoreMaximum" not in score:
            return b'{"reason": "Missing scoreMaximum"}'
        if score["userId"] in self.teachers | {"stranger"}:
            return b'{"reason": "Incorrect score received: user not gradable"}'
        return None

    def _results(self, number: str, user: str, seen: Seen) -> Reply:
        if seen.headers.get("Accept") != RESULTS:
            return NO_HANDLER
        entry, item = self.book.of(user, number), self.line_items[number]
        url = f"{self.origin}/lineitems/{number}/lineitem/results{self.query}&user_id={user}"
        result: dict[str, Any] = {"id": url, "userId": user, "resultMaximum": item["scoreMaximum"]}
        if entry.shown is not None:
            result["resultScore"] = round(entry.shown * item["scoreMaximum"], 5)
            result["comment"] = "".join(entry.comments)
        known = entry.timestamp is not None or entry.by_hand is not None
        return Reply(body=json.dumps([result] if known else []).encode(), content_type=RESULTS)
