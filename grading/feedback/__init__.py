"""Words for students from templates, in the course's language; no model, no expected answer.

One JSON catalogue per locale (`en.json`, `ru.json`). Depends on evidence records alone.
"""

from grading.feedback.compose import compose, first_sentence
from grading.feedback.wording import Wording, code, wording

__all__ = ["Wording", "code", "compose", "first_sentence", "wording"]
