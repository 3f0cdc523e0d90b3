"""Whether this process can serve: what a supervisor or a load balancer asks."""

from flask import Blueprint
from sqlalchemy import text

from lti_tool.extensions import transaction
from lti_tool.views.requests import Json

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def healthz() -> Json:
    """Answer 200 if the database can be reached; the error table answers 503 if not."""
    with transaction() as session:
        session.execute(text("SELECT 1"))
    return {"ok": True}
