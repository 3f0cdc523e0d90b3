"""The one comment that goes with a score into a grade book: plain text, key facts first."""

from uuid import UUID

from grading.feedback import first_sentence, wording
from grading.standing import Standing, SubtaskStanding
from grading.verdict import Verdict

MAX_CHARACTERS = 2000
"""Platforms cut comments at various lengths; none that is known cuts below this."""


def compose_comment(standing: Standing, link: str) -> str:
    """Return score, then each subtask's verdict with the first sentence of its feedback, then link.

    Titles and sentences hold no expected answer, so the comment holds none. A comment that is too
    long loses its last lines, never the link.
    """
    words = wording(standing.locale)
    score = words.text(
        "comment", "score", score=number(standing.score), max_score=number(standing.max_score)
    )
    lines = [score, *(_line(standing.locale, subtask) for subtask in standing.subtasks)]
    text = "\n".join(lines)
    end = "\n" + words.text("comment", "work", link=link)
    room = MAX_CHARACTERS - len(end)
    return (text if len(text) <= room else text[: room - 1] + "…") + end


def facts_of(standing: Standing) -> str:
    """Return the points and verdicts of a standing, without any words.

    Two standings with the same facts are the same version of a grade, however it is explained.
    """
    return ";".join(
        f"{subtask.id}:{subtask.verdict or 'none'}:{number(subtask.points)}"
        for subtask in standing.subtasks
    )


def work_link(public_url: str, attempt_id: UUID) -> str:
    """Return the address of the page that leads to an attempt's work."""
    return f"{public_url}/work/{attempt_id}"


def _line(locale: str, subtask: SubtaskStanding) -> str:
    words = wording(locale)
    line = words.text(
        "comment",
        "subtask",
        title=" ".join(subtask.title.split()),
        verdict=words.verdict(subtask.verdict),
        points=number(subtask.points),
        max_points=number(subtask.max_points),
    )
    # A teacher reads hundreds of these: that all agrees is in the verdict already.
    told = subtask.verdict != Verdict.APPROVED
    sentence = first_sentence(subtask.feedback) if told else ""
    return f"{line}. {sentence}" if sentence else line


def number(points: float) -> str:
    """Return points without a needless fraction: `10`, `7.5`."""
    return f"{round(points, 2):g}"
