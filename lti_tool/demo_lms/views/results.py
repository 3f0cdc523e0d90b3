"""The AGS score and result services of one line item."""

from datetime import UTC, datetime

from flask import Blueprint, Response, request

from lti_tool.demo_lms import line_items, scores, vocab
from lti_tool.demo_lms.errors import ServiceError
from lti_tool.demo_lms.paging import page_of
from lti_tool.demo_lms.platform import current_platform
from lti_tool.demo_lms.views.service import (
    answer,
    require_accept,
    require_body_type,
    require_course,
    require_scope,
)

blueprint = Blueprint(
    "results", __name__, url_prefix="/lti/services/<course_id>/lineitems/<int:item_id>/lineitem"
)


@blueprint.post("/scores")
def publish_score(course_id: str, item_id: int) -> Response:
    """Take a score; 409 where a newer or equally old one was accepted before."""
    require_scope(vocab.SCOPE_SCORE)
    require_course(course_id)
    score = scores.parse_score(require_body_type(vocab.MEDIA_SCORE))
    with current_platform().store.writing() as connection:
        item = line_items.get(connection, course_id, item_id)
        accepted = scores.publish(connection, item, score, received_at=datetime.now(UTC))
    if not accepted:
        raise ServiceError(
            409, "timestamp: not newer than the last score's; post again with a new one"
        )
    return Response(status=200)


@blueprint.get("/results")
def list_results(course_id: str, item_id: int) -> Response:
    """Answer a page of the grades in this column, of one student if `user_id` says so."""
    require_scope(vocab.SCOPE_RESULT_READONLY)
    require_course(course_id)
    require_accept(vocab.MEDIA_RESULTS)
    platform = current_platform()
    wanted = request.args.get("user_id")
    with platform.store.reading() as connection:
        item = line_items.get(connection, course_id, item_id)
        found = scores.grades(connection, item_id=item_id)
    chosen = [grade for grade in found if wanted is None or grade.user_id == wanted]
    page = page_of(chosen, request.args.to_dict(), f"{platform.issuer}{request.path}")
    body = [
        grade.as_json(platform.result_url(item, grade.user_id), item, platform.line_item_url(item))
        for grade in page.entries
    ]
    return answer(body, vocab.MEDIA_RESULTS, headers=page.headers())
