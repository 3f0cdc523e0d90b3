"""An attempt as its page sees it: read it, save it, run it, stop it, have it judged."""

from typing import Annotated
from uuid import UUID

from flask import Blueprint
from pydantic import Field

from lti_tool import workspace
from lti_tool.extensions import transaction
from lti_tool.sessions import Principal
from lti_tool.views.requests import Body, Json, for_attempt, read_body
from lti_tool.wiring import wiring
from notebooks.attempts import documents, runs
