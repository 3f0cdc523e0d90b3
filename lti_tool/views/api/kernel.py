"""What the attempt's kernel knows while somebody writes: completion, description, variables.

Answers are empty where the kernel is busy, slow or gone: a page goes on without.
"""

from typing import Annotated

from flask import Blueprint, Response
from pydantic import Field

from lti_tool.sessions.principal import Principal
from lti_tool.views.requests import Body, answer, for_attempt, for_work, read_body
from lti_tool.wiring import wiring
from lti_tool.workspace import kernel
from notebooks.kernels.records import CodePosition

blueprint = Blueprint("kernel", __name__, url_prefix="/api/attempts/<uuid:attempt_id>")


class PlaceBody(Body):
    """A place in a cell, in characters (not UTF-16 units) from its beginning."""

    code: Annotated[str, Field(max_length=1_000_000)]
    cursor: Annotated[int, Field(ge=0)]

    def place(self) -> CodePosition:
        """Return it as runners take it, the cursor within the code."""
        return CodePosition(code=self.code, cursor=min(self.cursor, len(self.code)))


@blueprint.post("/complete")
@for_work
def complete(principal: Principal) -> Response:
    """Return what could be written at a place."""
    place = read_body(PlaceBody).place()
    return answer(kernel.complete(wiring().attendant, principal, place))


@blueprint.post("/inspect")
@for_work
def inspect(principal: Principal) -> Response:
    """Return what is known about the name at a place, as text with ANSI colours."""
    place = read_body(PlaceBody).place()
    return answer(kernel.inspect(wiring().attendant, principal, place))


@blueprint.get("/variables")
@for_attempt
def variables(principal: Principal) -> Response:
    """Return the newest variables."""
    return answer(kernel.variables(wiring().attendant, principal))
