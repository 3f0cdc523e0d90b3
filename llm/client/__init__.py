"""Speaks to a model's server: one client of the OpenAI dialect, and a profile for each backend.

What to send and how to read what comes back are pure functions; `server` alone does the network.
Depends on `llm.model` and `llm.errors`; prompts and feedback know nothing of it.
"""

from llm.client.profiles import PROFILES, Backend, Profile
from llm.client.server import Limits, ServerModel

__all__ = ["PROFILES", "Backend", "Limits", "Profile", "ServerModel"]
