"""What a replay claimed, by probe."""

from collections.abc import Sequence

from grading.checks.finding import Reply
from grading.probes import OpenProbe
from notebooks.attempts.document import Cell
from notebooks.kernels.records import Answer, ReplayResult


class Claims:
    """The claims of one replay of some cells."""

    def __init__(self, result: ReplayResult, cells: Sequence[Cell]) -> None:
        self.answers: dict[str, Answer] = {}
        for answer in result.answers:
            self.answers.setdefault(answer.question_id, answer)
        """Each answer by the question's id; of several to one, the first."""
        printed = {cell.id: cell.stdout for cell in result.cells}
        self._printed: dict[str | None, str] = {}
        for cell in cells:
            before = self._printed.get(cell.subtask, "")
            self._printed[cell.subtask] = before + printed.get(cell.id, "")

    def about(self, probe: OpenProbe) -> Reply:
        """Return all that was claimed about a probe."""
        answers = tuple(self.answers.get(question.id) for question in probe.questions)
        heard = [answer for answer in answers if answer is not None]
        failed = [answer for answer in heard if answer.failure is not None]
        first = next(iter((*failed, *heard)), None)
        printed = self._printed.get(probe.subtask, "")
        return Reply(answer=first, answers=answers, printed=printed)
