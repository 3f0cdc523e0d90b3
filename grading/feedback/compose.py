"""Feedback on one subtask: what was observed, where, and one question; Markdown."""

import re
from collections.abc import Sequence

from grading.evidence import Evidence
from grading.feedback.wording import Wording
from grading.verdict import Verdict

MAX_FINDINGS = 4
"""Findings that one feedback names; more of them help nobody."""

_NO_ANSWER = frozenset({"missing_name", "placeholder"})
"""Failures before there is any answer: an author's remark about answers does not fit them, and
where a cell has stopped, they only follow from that."""

_MAX_SENTENCE = 200
_CODE_SPAN = re.compile(r"(`+)( ?)(.*?)\2\1")


def compose(
    wording: Wording,
    verdict: Verdict,
    evidence: Sequence[Evidence],
    *,
    blocked_by: tuple[str, str] | None = None,
    for_person: bool = False,
) -> str:
    """Return the feedback on one subtask.

    `blocked_by`: the title of the subtask that has to be approved first, and the name taken
    from it. `for_person`: its rubric is for a person, whatever else was found. Nothing but messages
    and hints of evidence enters, and they hold no expected answer.
    """
    doubt = "for_person" if for_person else "uncertain"
    failures = _distinct(evidence)
    if verdict is Verdict.BLOCKED and blocked_by is not None:
        title, name = blocked_by
        lead = wording.text("lead", "blocked", title=title, name=name)
        return "\n\n".join([lead, wording.text("lead", "blocked_next")])
    if not failures:
        told = _without_failures(wording, verdict, evidence, doubt)
        return "\n\n".join([told, *_earlier(evidence)])
    parts = [failures[0].message]
    rest = failures[1:MAX_FINDINGS]
    if rest:
        bullets = [f"- {item.message}" for item in rest]
        left = len(failures) - 1 - len(rest)
        if left:
            bullets.append("- " + wording.text("lead", "more", count=str(left)))
        parts.append("\n".join([wording.text("lead", "also"), "", *bullets]))
    if verdict is Verdict.UNCERTAIN:
        parts.append(wording.text("lead", "uncertain"))
    parts.extend(_earlier(evidence))
    parts.append(_question(wording, failures[0]))
    return "\n\n".join(parts)


def _distinct(evidence: Sequence[Evidence]) -> list[Evidence]:
    """Return the failures that bear on the verdict and tell something, each message once."""
    found: dict[str, Evidence] = {}
    for item in evidence:
        if item.outcome == "fail" and item.weight != "informs":
            found.setdefault(item.message, item)
    failures = list(found.values())
    if any(item.kind == "run" for item in failures):
        return [item for item in failures if item.difference not in _NO_ANSWER]
    return failures


def _question(wording: Wording, finding: Evidence) -> str:
    kind = finding.difference or "default"
    if finding.hint is not None and kind not in _NO_ANSWER:
        return finding.hint
    return wording.question(kind)


def _without_failures(
    wording: Wording, verdict: Verdict, evidence: Sequence[Evidence], doubt: str
) -> str:
    if verdict is not Verdict.APPROVED:
        return "\n\n".join([wording.text("lead", doubt), wording.question(doubt)])
    checks = sum(1 for item in evidence if item.probe is not None)
    lead = (
        wording.text("lead", "approved_count", count=str(checks))
        if checks > 1
        else wording.text("lead", "approved")
    )
    return "\n\n".join([lead, wording.approval(evidence[0].subtask if evidence else "")])


def _earlier(evidence: Sequence[Evidence]) -> list[str]:
    told = [item.message for item in evidence if item.weight == "informs"]
    return told[:1]


def first_sentence(feedback: str) -> str:
    """Return the first paragraph of a feedback as plain text on one line, bounded."""
    first = feedback.strip().split("\n\n", 1)[0]
    flat = " ".join(_CODE_SPAN.sub(r"\3", first).split())
    return flat if len(flat) <= _MAX_SENTENCE else flat[: _MAX_SENTENCE - 1] + "…"
