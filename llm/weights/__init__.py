"""Model files: which ones are offered, and how one is fetched, resumed and checked.

Depends on nothing else of llm but its errors; run by operators alone, never while serving.
"""

from llm.weights.catalogue import OFFERS, Offer, fitting
from llm.weights.download import PullError, pull

__all__ = ["OFFERS", "Offer", "PullError", "fitting", "pull"]
