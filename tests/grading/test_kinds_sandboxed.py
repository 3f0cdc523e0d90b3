"""Every kind of probe through real sandboxes: built from a case, then asked of students' work."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from config.settings import Settings
from grading.offline import SubtaskReport, grade_notebook, ready_case
from grading.ready import ReadyCase
from notebooks.kernels.replay.local import SandboxReplayer
from tests.environments import PLOTS, TABLES
from tests.grading.test_sandboxed import notebook, replayer
from tests.sandboxes import environment, launcher, sandbox_settings

__all__ = ["environment", "launcher", "replayer", "sandbox_settings"]

pytestmark = pytest.mark.sandbox

Sources = Mapping[str, str]


class Course:
    """One case in one sandboxed world, and students' notebooks at it."""

    def __init__(self, folder: Path, replayer: SandboxReplayer, settings: Settings) -> None:
        self.folder, self._replayer, self._settings = folder, replayer, settings

    async def built(self, profile: str, ideal: Sources, **files: str) -> ReadyCase:
        case = self.folder / "case"
        case.mkdir()
        (case / "case.yaml").write_text(profile)
        (case / "solution.ipynb").write_text(json.dumps(notebook(dict(ideal))))
        for name, text in files.items():
            path = case / name.replace("__", "/").replace("_", ".")
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        return await ready_case(case, self._replayer, settings=self._settings, log=lambda _: None)

    async def graded(self, case: ReadyCase, sources: Sources) -> dict[str, SubtaskReport]:
        path = self.folder / "student.ipynb"
        path.write_text(json.dumps(notebook(dict(sources))))
        report = await grade_notebook(case, path, self._replayer, settings=self._settings)
        assert report.error is None
        return {one.id: one for one in report.subtasks}


@pytest.fixture
def course(tmp_path: Path, replayer: SandboxReplayer, sandbox_settings: Settings) -> Course:
    return Course(tmp_path, replayer, sandbox_settings)


def told(report: SubtaskReport) -> list[tuple[str, str]]:
    """Return what failed: each kind with its message."""
    return [
        (str(item["kind"]), str(item["message"]))
        for item in report.evidence
        if item["outcome"] == "fail"
    ]


RAISES = """
title: Roots
subtasks:
  - id: root
    title: A root
    points: 1
    probes:
      - {kind: call, function: root, args: [4]}
      - {kind: raises, function: root, args: [-1], error: ValueError, text: "*negative*"}
"""


async def test_raises(course: Course) -> None:
    ideal = "def root(x):\n    if x < 0:\n        raise ValueError('negative')\n    return x ** .5"
    case = await course.built(RAISES, {"root": ideal})
    other = (
        "class Negative(ValueError): pass\n"
        "def root(x):\n    if x < 0:\n        raise Negative('Negative!')\n    return x ** .5"
    )
    assert (await course.graded(case, {"root": other}))["root"].verdict == "approved"
    none = await course.graded(case, {"root": "def root(x):\n    return x ** .5"})
    assert told(none["root"]) == [
        ("raises", "Calling `root(-1)` raised no error, where one is asked for.")
    ]
    liar = (
        "class M(type):\n    __mro__ = property(lambda self: 1 / 0)\n    def mro(cls):\n"
        "        return [cls, Exception, BaseException, object]\n"
        "class E(Exception, metaclass=M): pass\n"
        "def root(x):\n    if x < 0:\n        raise E('negative')\n    return x ** .5"
    )
    assert "`E`" in told((await course.graded(case, {"root": liar}))["root"])[0][1]


STDOUT = """
title: Report
subtasks:
  - id: load
    title: Load
    points: 1
    probes: [{kind: value, expression: x}]
  - id: report
    title: Report
    points: 1
    probes: [{kind: stdout}]
"""


async def test_stdout(course: Course) -> None:
    load = "x = 2\nprint('loaded')"
    case = await course.built(STDOUT, {"load": load, "report": "print('half', x / 2)"})
    right = await course.graded(case, {"load": "x = 2", "report": "print(f'half  {x / 2:.3f}')"})
    assert right["report"].verdict == "approved"
    wrong = await course.graded(case, {"load": load, "report": "f'half {x / 2}'"})
    assert told(wrong["report"])[0][0] == "stdout"
    assert told(wrong["report"])[0][1].startswith("Your cells print nothing.")


CONSTRAINTS = """
title: Sums
subtasks:
  - id: total
    title: Total
    points: 1
    probes: [{kind: value, expression: total}]
    constraints:
      - must_not_use: loop
      - must_use: sum()
"""


async def test_constraints(course: Course) -> None:
    case = await course.built(CONSTRAINTS, {"total": "total = sum([1, 2])"})
    right = await course.graded(case, {"total": "%time values = 2, 1\ntotal = sum(values)"})
    assert right["total"].verdict == "approved"
    loop = "total = 0\nfor one in (1, 2):\n    total += one"
    wrong = (await course.graded(case, {"total": loop}))["total"]
    assert wrong.verdict == "needs_work"
    assert [kind for kind, _ in told(wrong)] == ["constraint", "constraint"]


FIGURE = """
title: Plots
subtasks:
  - id: first
    title: First
    points: 1
    probes: [{kind: figure}]
  - id: second
    title: Second
    points: 1
    probes: [{kind: figure, aspects: [kind, data, texts]}]
"""
PLOTS_IDEAL = {
    "first": "import matplotlib.pyplot as plt\nplt.plot([1, 2, 4])\nplt.title('Growth')",
    "second": "fig, ax = plt.subplots()\nax.bar(['a', 'b'], [3, 4])\nax.set_ylabel('n')",
}


async def test_figure(course: Course) -> None:
    case = await course.built(FIGURE, PLOTS_IDEAL, requirements_txt=PLOTS)
    other_roads = {
        "first": "%matplotlib inline\nimport matplotlib.pyplot as plt\nfig = plt.figure()\n"
        "fig.gca().plot(range(3), [1, 2, 4], 'r--')\nplt.title('Size')\nplt.show()",
        # Without `subplots`, this would go on in the first cell's figure if that were left open.
        "second": "plt.bar([0, 1], [3, 4], width=0.3)\nplt.ylabel('N')\nplt.show()",
    }
    right = await course.graded(case, other_roads)
    assert [one.verdict for one in right.values()] == ["approved", "approved"], right
    wrong = await course.graded(
        case,
        {
            "first": "import matplotlib.pyplot as plt\nplt.plot([1, 2, 4])",
            "second": "plt.bar(['a', 'b'], [3, 5])\nplt.show()\nplt.close('all')",
        },
    )
    assert told(wrong["first"]) == [("figure", "Plot 1 of your figure has no title.")]
    assert told(wrong["second"])[0][1] == (
        "Bars in plot 1 of your figure show other numbers than asked for."
    )
    shadowed = dict(other_roads) | {"second": "str = list = 3\nplt.plot([1])"}
    assert told((await course.graded(case, shadowed))["second"])[0][1].startswith("Plot 1 of")


PROPERTY = """
title: Shares
subtasks:
  - id: shares
    title: Shares
    points: 1
    probes:
      - kind: property
        function: shares
        holds: [abs(sum(result) - 1) < 1e-9, same_length, repeatable, keeps_arguments]
        where: sum(amounts) > 0
"""


async def test_property(course: Course) -> None:
    ideal = (
        "import numpy as np\ndef shares(amounts):\n    return np.array(amounts) / sum(amounts)\n"
        "shares([1, 2, 5]), shares([0.5, 0.25])"
    )
    case = await course.built(PROPERTY, {"shares": ideal}, requirements_txt=TABLES)
    other = "def shares(a):\n    return [1.0 if n == 0 else 0.0 for n in range(len(a))]"
    assert (await course.graded(case, {"shares": other}))["shares"].verdict == "approved"
    wrong = "def shares(a):\n    a.sort()\n    return [one / sum(a) for one in a]"
    [(kind, message)] = told((await course.graded(case, {"shares": wrong}))["shares"])
    assert kind == "property"
    assert message.endswith("the function does not change what it is given.")
    of_those_calls = "def shares(a):\n    return {8: [0, 0, 1], 0.75: [0, 1]}[sum(a)]"
    [(_, message)] = told((await course.graded(case, {"shares": of_those_calls}))["shares"])
    assert message.endswith("raised `KeyError`.")


FILE = """
title: Predictions
subtasks:
  - id: predict
    title: Predict
    points: 1
    probes:
      - {kind: file, file: out/predictions.csv, key: id, column: label, against: hidden/labels.csv,
         metric: accuracy, at_least: 0.75}
"""
LABELS = "id,label\n1,setosa\n2,virginica\n3,setosa\n4,virginica\n"
WRITES = """import os
os.makedirs('out', exist_ok=True)
def write(*labels):
    with open('out/predictions.csv', 'w') as file:
        print('id,label', *(f'{n},{one}' for n, one in labels), sep='\\n', file=file)
"""
PREDICTS = f"{WRITES}write((1, 'setosa'), (2, 'virginica'), (3, 'setosa'), (4, 'setosa'))"


async def test_file(course: Course) -> None:
    case = await course.built(FILE, {"predict": PREDICTS}, hidden__labels_csv=LABELS)
    moved = f"{WRITES}write((4, 'virginica'), (3, 'setosa'), (1, 'setosa'), (2, 'x'))"
    right = await course.graded(case, {"predict": f"{moved}\nos.chdir('/tmp')"})
    assert right["predict"].verdict == "approved"
    for source, message in (
        ("x = 1", "There is no file `out/predictions.csv` after your cells have run."),
        (f"{WRITES}write((1, 'setosa'))", "The number of rows in `out/predictions.csv` is 1"),
        (f"{moved}\nwrite(*((n, 'a') for n in range(1, 5)))", "accuracy` of `out/predictions.csv`"),
        (f"{WRITES}os.mkfifo('out/predictions.csv')", "cannot be read as a table"),
        (f"{WRITES}os.mkdir('out/predictions.csv')", "cannot be read as a table"),
        (f"{WRITES}os.symlink('/dev/zero', 'out/predictions.csv')", "cannot be read as a table"),
        (f"{WRITES}open('out/predictions.csv', 'w').write('a' * 6_000_000)", "larger than 5 MiB"),
    ):
        [(kind, said)] = told((await course.graded(case, {"predict": source}))["predict"])
        assert kind == "file"
        assert message in said


async def test_files_with_right_answers_are_nowhere_in_a_sandbox(course: Course) -> None:
    files = {"hidden__labels_csv": LABELS, "data__a_csv": "1"}
    case = await course.built(FILE, {"predict": PREDICTS}, **files)
    look = (
        "import os\n"
        "found = [name for top in ('/home', '/tmp', '/opt', '/srv', 'data')\n"
        "         for _, _, names in os.walk(top) for name in names if 'labels.csv' in name]\n"
        "raise LookupError(str(found) + str(os.listdir('data')) + str(os.path.exists('hidden')))"
    )
    report = (await course.graded(case, {"predict": look}))["predict"]
    assert "[]['a.csv']False" in str(report.evidence[0]["message"])


METRIC = """
title: A model
subtasks:
  - id: model
    title: Model
    points: 1
    probes:
      - {kind: metric, function: predict, args: [[1, 2, 3]], labels: [2, 4, 6], metric: rmse,
         at_most: 0.5}
"""


async def test_metric(course: Course) -> None:
    ideal = "import numpy as np\ndef predict(x):\n    return np.array(x) * 2.1"
    case = await course.built(METRIC, {"model": ideal}, requirements_txt=TABLES)
    other = await course.graded(case, {"model": "def predict(x):\n    return [2 * a for a in x]"})
    assert other["model"].verdict == "approved"
    wrong = await course.graded(case, {"model": "def predict(x):\n    return x"})
    [(kind, message)] = told(wrong["model"])
    assert kind == "metric"
    assert "the `rmse` of `predict(…)` is `2.16`, which is not good enough" in message
