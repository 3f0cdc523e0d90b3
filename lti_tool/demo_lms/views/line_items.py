"""The AGS line item service: list, create, read, change, delete."""

from flask import Blueprint, Response, request

from lti_tool.demo_lms import line_items, vocab
from lti_tool.demo_lms.line_items import Filters
from lti_tool.demo_lms.paging import page_of
from lti_tool.demo_lms.platform import current_platform
from lti_tool.demo_lms.views.service import (
    answer,
    require_accept,
    require_body_type,
    require_course,
    require_scope,
)

blueprint = Blueprint("line_items", __name__, url_prefix="/lti/services/<course_id>/lineitems")
_ONE = "/<int:item_id>/lineitem"


@blueprint.get("")
def list_line_items(course_id: str) -> Response:
    """Answer a page of the columns that match the filters."""
    require_scope(vocab.SCOPE_LINE_ITEM, vocab.SCOPE_LINE_ITEM_READONLY)
    require_course(course_id)
    require_accept(vocab.MEDIA_LINE_ITEMS)
    platform = current_platform()
    filters = Filters(
        course_id=course_id,
        resource_link_id=request.args.get("resource_link_id"),
        resource_id=request.args.get("resource_id"),
        tag=request.args.get("tag"),
    )
    with platform.store.reading() as connection:
        items = line_items.find(connection, filters)
    page = page_of(items, request.args.to_dict(), f"{platform.issuer}{request.path}")
    body = [item.as_json(platform.line_item_url(item)) for item in page.entries]
    return answer(body, vocab.MEDIA_LINE_ITEMS, headers=page.headers())


@blueprint.post("")
def create_line_item(course_id: str) -> Response:
    """Add a column of the tool's."""
    require_scope(vocab.SCOPE_LINE_ITEM)
    require_course(course_id)
    body = line_items.parse_line_item(require_body_type(vocab.MEDIA_LINE_ITEM))
    platform = current_platform()
    with platform.store.writing() as connection:
        links = platform.resource_links(connection, course_id)
        item = line_items.create(connection, course_id, body, links)
    url = platform.line_item_url(item)
    return answer(item.as_json(url), vocab.MEDIA_LINE_ITEM, status=201, headers={"Location": url})


@blueprint.get(_ONE)
def read_line_item(course_id: str, item_id: int) -> Response:
    """Answer one column."""
    require_scope(vocab.SCOPE_LINE_ITEM, vocab.SCOPE_LINE_ITEM_READONLY)
    require_course(course_id)
    require_accept(vocab.MEDIA_LINE_ITEM)
    platform = current_platform()
    with platform.store.reading() as connection:
        item = line_items.get(connection, course_id, item_id)
    return answer(item.as_json(platform.line_item_url(item)), vocab.MEDIA_LINE_ITEM)


@blueprint.put(_ONE)
def replace_line_item(course_id: str, item_id: int) -> Response:
    """Change one column."""
    require_scope(vocab.SCOPE_LINE_ITEM)
    require_course(course_id)
    body = line_items.parse_line_item(require_body_type(vocab.MEDIA_LINE_ITEM))
    platform = current_platform()
    with platform.store.writing() as connection:
        item = line_items.get(connection, course_id, item_id)
        url = platform.line_item_url(item)
        changed = line_items.replace(connection, item, body, url)
    return answer(changed.as_json(url), vocab.MEDIA_LINE_ITEM)


@blueprint.delete(_ONE)
def delete_line_item(course_id: str, item_id: int) -> Response:
    """Remove a column that the tool made."""
    require_scope(vocab.SCOPE_LINE_ITEM)
    require_course(course_id)
    with current_platform().store.writing() as connection:
        line_items.delete(connection, line_items.get(connection, course_id, item_id))
    return Response(status=204)
