"""What a student sees of real libraries, run in a real kernel and cleaned for the page."""

import re

import pytest

from notebooks.environments.build import build_environment
from notebooks.kernels.records import Output
from notebooks.kernels.runner.kernels import Kernels
from notebooks.outputs import sanitise
from tests.environments import PLOTS, shared_environments_dir
from tests.sandboxes import Student, kernels, launcher, sandbox_settings

__all__ = ["kernels", "launcher", "sandbox_settings"]

pytestmark = [pytest.mark.sandbox, pytest.mark.slow]


@pytest.fixture
async def student(kernels: Kernels) -> Student:
    environment = await build_environment(
        PLOTS, root=shared_environments_dir(), log=lambda _message: None
    )
    return Student(kernels, environment)


async def shown(student: Student, source: str) -> list[Output]:
    ran = await student.run(source)
    assert ran.finished.outcome == "ok", ran.outputs
    return [sanitise(output) for output in ran.outputs]


def code(output: Output) -> str | None:
    return output.note.code if output.note else None


FRAME = "import pandas as pd\nframe = pd.DataFrame({'a': [1, 2], 'b': [3.5, None]})\n"


async def test_tables(student: Student) -> None:
    (plain,) = await shown(student, FRAME + "frame")
    assert code(plain) is None
    assert plain.data["text/html"].count("<td>") == 4
    (styled,) = await shown(student, "frame.style.highlight_max(color='red').set_caption('Cap')")
    assert code(styled) == "plain_table"
    assert "<caption>Cap</caption>" in styled.data["text/html"]
    assert "3.500000" in styled.data["text/html"]
    assert "red" not in styled.data["text/html"]


async def test_plots(student: Student) -> None:
    (png,) = await shown(student, "import matplotlib.pyplot as plt\nplt.plot([1, 2]); plt.show()")
    assert set(png.data) == {"image/png", "text/plain"}
    (svg,) = await shown(
        student,
        "import numpy as np\n%config InlineBackend.figure_formats = ['svg']\n"
        "fig, (left, right) = plt.subplots(1, 2)\n"
        "left.scatter(range(50), range(50), label='dots'); left.legend(); left.set_title('$x^2$')\n"
        "right.imshow(np.eye(9)); plt.show()",
    )
    assert "image/svg+xml" in svg.data, svg
    (heat,) = await shown(student, "import seaborn as sns\nsns.heatmap(np.eye(9)); plt.show()")
    assert "image/svg+xml" in heat.data, heat
    (hist,) = await shown(student, "sns.histplot([1, 2, 2, 3], kde=False); plt.show()")
    assert "image/svg+xml" in hist.data, hist


async def test_interactive_plots_fall_back_to_a_word(student: Student) -> None:
    outputs = await shown(student, "import plotly.express as px\npx.line(x=[1, 2], y=[3, 4])")
    assert [code(output) for output in outputs] == ["interactive"]
    assert not outputs[0].data


async def test_progress_bars(student: Student) -> None:
    loop = "import time\nfor n in tqdm(range(300)): time.sleep(0.003)"
    (bar,) = await shown(student, f"from tqdm import tqdm\n{loop}")
    assert re.fullmatch(r"100%\|█+\| 300/300 \[.*\]\n?", bar.text), bar.text
    (nested,) = await shown(
        student,
        "for outer in tqdm(range(3)):\n"
        "    for inner in tqdm(range(50), leave=False): time.sleep(0.003)",
    )
    assert [line[:5] for line in nested.text.splitlines() if line.strip()] == ["100%|"]
    bars = await shown(student, f"from tqdm.notebook import tqdm\n{loop}")
    assert {code(output) for output in bars} == {"widget"}
    assert "text/plain" in bars[0].data
    mixed = await shown(
        student,
        "from tqdm import tqdm\nfor n in tqdm(range(5)): print('epoch', n); time.sleep(0.15)",
    )
    assert len([one for one in mixed if "5/5" in one.text]) == 1
    assert "".join(one.text for one in mixed if one.name == "stdout").count("epoch") == 5


async def test_widgets_fall_back_to_their_text_with_a_word(student: Student) -> None:
    (slider,) = await shown(student, "import ipywidgets\nipywidgets.IntSlider(value=3)")
    assert code(slider) == "widget"
    assert "IntSlider(value=3)" in slider.data["text/plain"]


async def test_text_of_other_kinds(student: Student) -> None:
    outputs = await shown(
        student,
        "from IPython.display import JSON, Javascript, Latex, Markdown, display\n"
        "display(Markdown('**x**'), Latex('$x^2$'), JSON({'a': 1}), Javascript('alert(1)'))",
    )
    markdown, latex, json, script = outputs
    assert markdown.data["text/html"] == "<p><strong>x</strong></p>\n"
    assert latex.data["text/latex"] == "$x^2$"
    assert '"a": 1' in json.data["application/json"]
    assert "application/javascript" not in script.data
    assert code(script) in {"interactive", "unknown_kind"}
