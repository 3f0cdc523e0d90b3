"""What an error means in a kernel that has no internet, a fixed set of packages, a small disk.

Python says what went wrong; why it cannot go right here, and what to do instead, only we can say.
Pure: an error and its surroundings in, a word for the page out.
"""

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches

from notebooks.kernels.records import Note, NoteCode, Output

_NEAR = 0.8
"""How alike two names must be for one to be taken for the other's misspelling."""
_LAST_CHARACTERS = 8000
"""How much of the end of a stream is looked at."""

_NETWORK_ERRORS = {
    "URLError", "gaierror", "MaxRetryError", "NameResolutionError", "NewConnectionError",
    "ConnectError", "ConnectTimeout", "ConnectTimeoutError", "ClientConnectorError",
    "ClientConnectorDNSError", "ServerNotFoundError",
}  # fmt: skip
_NETWORK = re.compile(
    r"Temporary failure in name resolution|Name or service not known|Network is unreachable"
    r"|No address associated with hostname|Failed to resolve '|NameResolutionError"
    r"|[Cc]ould not resolve host|Failed to establish a new connection|couldn't connect to 'http"
    r"|unable to resolve host address"
)
_INSTALLING = re.compile(
    r"Could not find a version that satisfies|No matching distribution found for"
    r"|No module named pip|(?:pip3?|conda|mamba|uv|apt|apt-get): (?:command )?not found"
    r"|externally-managed-environment"
)
_NO_MODULE = re.compile(r"No module named '?([A-Za-z_][\w.]*)'?")
_NO_DEPENDENCY = re.compile(
    r"Missing optional dependency '([\w.-]+)'|`Import ([\w.-]+)` failed"
    r"|^([\w.-]+) is required for plotting|Mime type rendering requires ([\w-]+)>="
)
_RULES: tuple[tuple[re.Pattern[str], re.Pattern[str], NoteCode], ...] = (
    (re.compile("StdinNotImplementedError"), re.compile(""), "input"),
    (re.compile("MemoryError$"), re.compile(""), "memory"),
    (re.compile("ImportError"), re.compile("IProgress not found"), "widget_bar"),
    (
        re.compile("CalledProcessError"),
        re.compile(r"\b(?:pip3?|conda|mamba|uv)\b.*\binstall\b"),
        "no_install",
    ),
    (
        re.compile(""),
        re.compile(r"\[Errno (?:28|122)\]|No space left on device|Disk quota exceeded"),
        "disk_full",
    ),
    (
        re.compile(""),
        re.compile(r"\[Errno (?:13|30)\].*['\"](?:\./|/home/student/)?data(?:/|['\"])"),
        "read_only_data",
    ),
    (re.compile(""), re.compile(r"\[Errno 30\]"), "read_only"),
)
"""What says all by itself: in the error's name, in its message, and the word for it."""

_COMES_WITH = {
    "Bio": "biopython", "Crypto": "pycryptodome", "IPython": "ipython", "OpenSSL": "pyopenssl",
    "PIL": "pillow", "attr": "attrs", "bs4": "beautifulsoup4", "cv2": "opencv-python",
    "dateutil": "python-dateutil", "docx": "python-docx", "dotenv": "python-dotenv",
    "fitz": "pymupdf", "git": "gitpython", "google.cloud": "google-cloud", "imblearn":
    "imbalanced-learn", "jwt": "pyjwt", "lightning_fabric": "lightning", "magic": "python-magic",
    "mpl_toolkits": "matplotlib", "psycopg2": "psycopg2-binary", "pptx": "python-pptx",
    "serial": "pyserial", "skimage": "scikit-image", "sklearn": "scikit-learn",
    "skopt": "scikit-optimize", "umap": "umap-learn", "yaml": "pyyaml", "zmq": "pyzmq",
}  # fmt: skip
"""Modules whose packages have other names."""


@dataclass(frozen=True, slots=True)
class Package:
    """An installed package: its name, version, and the modules that it brings."""

    name: str
    version: str
    modules: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a cell has around it."""

    data: tuple[str, ...] = ()
    """Names of files in `./data`, a few of them."""
    packages: Mapping[str, Package] = field(default_factory=dict)
    """Installed packages by `normalised` name."""


def normalised(name: str) -> str:
    """Return a package's name as it is compared: case and separators do not count."""
    return re.sub(r"[-_.]+", "-", name).lower()


def explain(output: Output, around: Surroundings) -> Note | None:
    """Return what there is to say about an error, or about text that a program wrote; else None."""
    if output.kind == "stream":
        return _explain_text(output.text[-_LAST_CHARACTERS:], around)
    if output.kind == "error":
        return _explain_error(output.ename, output.evalue, around)
    return None


def _explain_error(ename: str, evalue: str, around: Surroundings) -> Note | None:
    for name, message, code in _RULES:
        if name.search(ename) and message.search(evalue):
            return Note(code=code)
    missing = _NO_DEPENDENCY.search(evalue)
    if missing is None and ename in {"ModuleNotFoundError", "ImportError"}:
        missing = _NO_MODULE.search(evalue)
    if missing is not None:
        return _explain_module(missing[missing.lastindex or 0], around)
    if ename in _NETWORK_ERRORS or _NETWORK.search(evalue):
        return _no_network(around)
    return None


def _explain_text(text: str, around: Surroundings) -> Note | None:
    if _INSTALLING.search(text):
        return Note(code="no_install")
    return _no_network(around) if _NETWORK.search(text) else None


def _no_network(around: Surroundings) -> Note:
    if not around.data:
        return Note(code="network")
    return Note(code="network_data", params={"files": ", ".join(around.data)})


def _explain_module(module: str, around: Surroundings) -> Note:
    """Return why a module cannot be imported: it has another name, or is not there at all."""
    top, _, part = module.partition(".")
    owners = {name: one for one in around.packages.values() for name in one.modules}
    owner = owners.get(top) if part else None
    if owner is not None:
        params = {"package": owner.name, "part": part, "version": owner.version}
        return Note(code="module_part", params=params)
    same_name = around.packages.get(normalised(top))
    if same_name is not None and same_name.modules and top not in same_name.modules:
        real = min(same_name.modules, key=lambda name: (name.startswith("_"), len(name), name))
        return Note(code="module_wrong_name", params={"package": same_name.name, "module": real})
    if top in _COMES_WITH:
        params = {"module": top, "package": _COMES_WITH[top]}
        return Note(code="module_elsewhere", params=params)
    nearest = _nearest(top, {*owners, *sys.stdlib_module_names})
    if nearest is not None:
        return Note(code="module_typo", params={"module": top, "nearest": nearest})
    return Note(code="module_missing", params={"package": top})


def _nearest(name: str, known: set[str]) -> str | None:
    by_small = {one.lower(): one for one in sorted(known) if not one.startswith("_")}
    found = get_close_matches(name.lower(), by_small, n=1, cutoff=_NEAR)
    return by_small[found[0]] if found and by_small[found[0]] != name else None
