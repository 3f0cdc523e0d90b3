import json
from pathlib import Path

import pytest

from notebooks.kernels.records import KernelSpec, Note, Output
from notebooks.kernels.runner.explain import Package, Surroundings, explain, normalised
from notebooks.kernels.runner.kernels import Kernels
from notebooks.kernels.runner.surroundings import look_around
from notebooks.kernels.sandboxes.bwrap import BwrapLauncher
from tests.sandboxes import Student, environment, kernels, launcher, sandbox_settings

INSTALLED = (
    Package("scikit-learn", "1.5.2", frozenset({"sklearn"})),
    Package("pandas", "2.2.3", frozenset({"pandas"})),
    Package("Pillow", "11.0", frozenset({"PIL"})),
    Package("python-dateutil", "2.9", frozenset({"dateutil"})),
)
AROUND = Surroundings(
    data=("wine.csv", "labels.csv"), packages={normalised(one.name): one for one in INSTALLED}
)
NETWORK = Note(code="network_data", params={"files": "wine.csv, labels.csv"})


def error(ename: str, evalue: str = "") -> Output:
    return Output(kind="error", ename=ename, evalue=evalue, text="Traceback …")


def printed(text: str) -> Output:
    return Output(kind="stream", name="stderr", text=text)


@pytest.mark.parametrize(
    "output",
    [
        error("URLError", "<urlopen error [Errno -3] Temporary failure in name resolution>"),
        error("gaierror", "[Errno -2] Name or service not known"),
        error("ConnectionError", "HTTPSConnectionPool(host='x', port=443): Max retries exceeded "
              "with url: / (Caused by NameResolutionError(\"Failed to resolve 'x'\"))"),
        error("MaxRetryError", "HTTPSConnectionPool(host='x', port=443)"),
        error("ConnectError", "[Errno -3] Temporary failure in name resolution"),
        error("ClientConnectorDNSError", "Cannot connect to host x:443 ssl:default"),
        error("OSError", "[Errno 101] Network is unreachable"),
        error("OSError", "We couldn't connect to 'https://huggingface.co' to load the files"),
        printed("[nltk_data] Error loading punkt: <urlopen error [Errno -3]\n"
                "[nltk_data]     Temporary failure in name resolution>"),
        printed("curl: (6) Could not resolve host: example.org"),
        printed("wget: unable to resolve host address 'example.org'"),
    ],
)  # fmt: skip
def test_a_network_error_says_where_the_data_is(output: Output) -> None:
    assert explain(output, AROUND) == NETWORK
    assert explain(output, Surroundings()) == Note(code="network")


@pytest.mark.parametrize(
    "output",
    [
        printed("ERROR: Could not find a version that satisfies the requirement requests"),
        printed("ERROR: No matching distribution found for requests"),
        printed("/opt/env/bin/python: No module named pip"),
        printed("/bin/sh: 1: pip: not found"),
        printed("bash: line 1: conda: command not found"),
        printed("error: externally-managed-environment"),
        printed("WARNING: Retrying: Temporary failure in name resolution\n"
                "ERROR: No matching distribution found for x"),
        error("CalledProcessError",
              "Command '['/env/bin/python', '-m', 'pip', 'install', 'x']' returned 1."),
    ],
)  # fmt: skip
def test_an_installation_says_who_can_install(output: Output) -> None:
    assert explain(output, AROUND) == Note(code="no_install")


@pytest.mark.parametrize(
    ("evalue", "code", "params"),
    [
        ("No module named 'scikit_learn'", "module_wrong_name",
         {"package": "scikit-learn", "module": "sklearn"}),
        ("No module named 'pillow'", "module_wrong_name", {"package": "Pillow", "module": "PIL"}),
        ("No module named 'sklearn.boosting'", "module_part",
         {"package": "scikit-learn", "part": "boosting", "version": "1.5.2"}),
        ("No module named 'cv2'", "module_elsewhere",
         {"module": "cv2", "package": "opencv-python"}),
        ("No module named 'pandsa'", "module_typo", {"module": "pandsa", "nearest": "pandas"}),
        ("No module named 'Pandas'", "module_wrong_name",
         {"package": "pandas", "module": "pandas"}),
        ("No module named 'jsson'", "module_typo", {"module": "jsson", "nearest": "json"}),
        ("No module named 'torch'", "module_missing", {"package": "torch"}),
        ("No module named 'torch.nn'", "module_missing", {"package": "torch"}),
        ("Missing optional dependency 'openpyxl'.  Use pip or conda to install openpyxl.",
         "module_missing", {"package": "openpyxl"}),
        ("Unable to find a usable engine\n `Import pyarrow` failed.  Use pip or conda.",
         "module_missing", {"package": "pyarrow"}),
        ("matplotlib is required for plotting when the default backend is selected.",
         "module_missing", {"package": "matplotlib"}),
        ("Mime type rendering requires nbformat>=4.2.0 but it is not installed",
         "module_missing", {"package": "nbformat"}),
    ],
)  # fmt: skip
def test_a_missing_module_says_what_exists(evalue: str, code: str, params: dict[str, str]) -> None:
    said = explain(error("ModuleNotFoundError", evalue), AROUND)
    assert said is not None
    assert (said.code, said.params) == (code, params)


@pytest.mark.parametrize(
    ("output", "code"),
    [
        (error("StdinNotImplementedError", "raw_input was called"), "input"),
        (error("MemoryError"), "memory"),
        (error("_ArrayMemoryError", "Unable to allocate 74.5 GiB for an array"), "memory"),
        (error("OSError", "[Errno 28] No space left on device"), "disk_full"),
        (error("OSError", "[Errno 30] Read-only file system: 'data/wine.csv'"), "read_only_data"),
        (error("OSError", "[Errno 30] Read-only file system: './data/x'"), "read_only_data"),
        (error("PermissionError", "[Errno 13] Permission denied: '/home/student/data/x'"),
         "read_only_data"),
        (error("OSError", "[Errno 30] Read-only file system: '/usr/x'"), "read_only"),
        (error("ImportError", "IProgress not found. Please update ipywidgets."), "widget_bar"),
    ],
)  # fmt: skip
def test_other_limits_of_a_cell_are_told(output: Output, code: str) -> None:
    said = explain(output, AROUND)
    assert said is not None
    assert said.code == code


@pytest.mark.parametrize(
    "output",
    [
        error("NameError", "name 'x' is not defined"),
        error("ImportError", "cannot import name 'nothing' from 'pandas'"),
        error("KeyError", "'Network'"),
        error("TypeError", "can't multiply sequence by non-int"),
        error("PermissionError", "[Errno 13] Permission denied: 'metadata/x'"),
        error("FileNotFoundError", "[Errno 2] No such file or directory: 'data/x.csv'"),
        error("CalledProcessError", "Command 'false' returned non-zero exit status 1."),
        error("", ""),
        printed("all is well"),
        Output(kind="result", data={"text/plain": "Network is unreachable"}),
    ],
)
def test_what_explains_itself_is_left_alone(output: Output) -> None:
    assert explain(output, AROUND) is None


@pytest.mark.parametrize("locale", ["en", "ru"])
def test_every_word_has_a_sentence_in_the_page_s_languages(locale: str) -> None:
    folder = Path("lti_tool/frontend/src/i18n")
    catalogue = json.loads((folder / f"{locale}.json").read_text())
    codes = Note.model_json_schema()["properties"]["code"]["enum"]
    told = {key.removeprefix("note.") for key in catalogue if key.startswith("note.")}
    assert told == set(codes)


__all__ = ["environment", "kernels", "launcher", "sandbox_settings"]


@pytest.mark.sandbox
def test_an_environment_is_read_as_it_is(
    launcher: BwrapLauncher, environment: str, tmp_path: Path
) -> None:
    for number in range(20):
        (tmp_path / f"{number:02}.csv").touch()
    (tmp_path / ".hidden").touch()
    spec = KernelSpec(environment=environment)
    around = look_around(launcher.environment(spec), tmp_path)
    assert around.data == tuple(f"{number:02}.csv" for number in range(10))
    assert around.packages["pandas"].modules >= {"pandas"}
    assert around.packages["python-dateutil"].modules == {"dateutil"}
    assert around.packages["numpy"].version
    assert look_around(tmp_path / "missing", tmp_path / "missing") == Surroundings()


@pytest.mark.sandbox
async def test_real_errors_of_a_real_kernel_are_explained(
    kernels: Kernels, environment: str
) -> None:
    student = Student(kernels, environment)
    data = kernels._launcher.data(KernelSpec(environment=environment, data="case"))
    assert data is not None
    data.mkdir(parents=True)
    (data / "wine.csv").write_text("a\n1\n")
    student.spec = KernelSpec(environment=environment, data="case")
    cells = {
        "import urllib.request as r\nr.urlopen('https://example.org')": "network_data",
        "import socket\nsocket.create_connection(('198.51.100.1', 80))": "network_data",
        "import python_dateutil": "module_wrong_name",
        "import pandas.nothing": "module_part",
        "import cv2": "module_elsewhere",
        "import torch": "module_missing",
        "import pandas\npandas.DataFrame({'a': [1]}).to_parquet('x')": "module_missing",
        "input('name?')": "input",
        "import numpy\nnumpy.ones((10**7, 10**7))": "memory",
        "open('data/new.csv', 'w')": "read_only_data",
        "open('/usr/new.csv', 'w')": "read_only",
        "open('full', 'wb').write(bytes(10**8))": "disk_full",
        "%pip install requests": "no_install",
        "!pip install requests": "no_install",
        "1 / 0": None,
    }
    for source, code in cells.items():
        outputs = (await student.run(source)).outputs
        said = [output.note.code for output in outputs if output.note is not None]
        assert said == ([code] if code else []), (source, outputs)
