"""The documentation says what is there: figures are those of the script, links lead somewhere, commands are run."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from pathlib import Path

import pydicom
import pytest

import pictologics
from tests.test_architecture import ROOMS

ROOT = Path(__file__).resolve().parents[2]
PAGES = [*sorted((ROOT / "docs").glob("*.md")), *sorted(ROOT.glob("*.md"))]
FIGURES = ROOT / "docs" / "figures"
LINK = re.compile(r"!?\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")
BLOCK = re.compile(r"^ *```(\w*)[^\n]*\n(.*?)^ *```", re.MULTILINE | re.DOTALL)

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def test_figures_are_those_of_the_script(tmp_path):
    subprocess.run([sys.executable, FIGURES / "make_figures.py", tmp_path], check=True)
    drawn = {file.name: file.read_text(encoding="utf-8") for file in tmp_path.iterdir()}
    committed = {file.name: file.read_text(encoding="utf-8") for file in FIGURES.glob("*.svg")}
    assert drawn == committed


@pytest.mark.slow
def test_what_loads_is_what_the_script_finds(tmp_path):
    page = (ROOT / "docs" / "what-loads.md").read_text(encoding="utf-8")
    if f"the wheel of pydicom {pydicom.__version__}," not in page:
        pytest.skip(f"the page tells of the files of another pydicom than {pydicom.__version__}")
    made = tmp_path / "tables.md"
    subprocess.run([sys.executable, ROOT / "docs" / "tables" / "make_what_loads.py", made], check=True)
    assert made.read_text(encoding="utf-8") in page


def test_the_tables_of_a_cohort_are_those_of_the_schema(tmp_path):
    made = tmp_path / "tables.md"
    subprocess.run([sys.executable, ROOT / "docs" / "tables" / "make_cohort_tables.py", made], check=True)
    assert made.read_text(encoding="utf-8") in (ROOT / "docs" / "cohort-tables.md").read_text(encoding="utf-8")


@each_page
def test_links_lead_to_files(page):
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


@each_page
def test_every_block_of_code_says_what_it_is(page):
    """An unmarked block would be run by nobody; a command of ours in a bash block as well."""
    for language, code in BLOCK.findall(page.read_text(encoding="utf-8")):
        assert language in {"python", "pycon", "console", "bash", "text", "yaml"}, code
        if language == "bash":
            assert not code.lstrip().startswith("pictologics"), code


def test_nobody_is_told_to_install_the_package_by_its_name():
    """An index may have another package of that name, which would come in its place."""
    by_name = re.compile(r"pip install [^`\n]*\bpictologics\b|\bpictologics\[")
    files = [*PAGES, ROOT / "pyproject.toml", *(ROOT / "src").rglob("*.py"), *(ROOT / "benchmarks").rglob("*.py")]
    for file in files:
        for line in file.read_text(encoding="utf-8").splitlines():
            assert not by_name.search(line.replace("&& pictologics demo", "")), f"{file.name}: {line}"


def test_every_public_name_is_on_the_page_of_the_api():
    page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    shown = set(re.findall(r"^::: pictologics\.[\w.]*?(\w+)$", page, re.MULTILINE))
    # A former spelling is the same function; one directive shows all errors and warnings.
    missing = {
        name
        for name in set(pictologics.__all__) - shown - {"__version__"}
        if getattr(pictologics, name).__module__ != "pictologics.errors"
        and not (getattr(pictologics, name).__name__ in shown and f"`{name}`" in page)
    }
    assert not missing
    assert "::: pictologics.errors" in page


def test_every_error_is_explained():
    page = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
    from pictologics import errors

    for name in errors.__all__:
        assert f"| `{name}` |" in page or name == "PictologicsError", name


ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
ROOM_LIST, FILE_LIST, FLOOR_LIST = [code for language, code in BLOCK.findall(ARCHITECTURE) if language == "text"]
FILES = [file for file in (ROOT / "src" / "pictologics").rglob("*.py") if file.name != "__init__.py"]


def test_architecture_lists_every_room():
    first_words = {name for line in ROOM_LIST.splitlines() for name in re.split(r"\s{2,}", line)[0].split(", ")}
    package = ROOT / "src" / "pictologics"
    folders = {file.relative_to(package).parts[0] for file in FILES if file.parent != package}
    modules = {file.stem for file in FILES if file.parent == package}
    assert folders <= first_words <= folders | modules


def test_architecture_lists_every_file_and_folder_and_no_other():
    found = {"__init__.py", *(name for file in FILES for name in (file.name, f"{file.parent.name}/"))}
    assert set(re.findall(r"\w+\.py\b|\w+/", FILE_LIST)) - {"dicom/", "src/"} == found - {"src/"}


def test_architecture_shows_the_floors_that_are_tested():
    assert [set(line.split(", ")) for line in FLOOR_LIST.splitlines()] == ROOMS[::-1]


def test_limits_on_the_page_are_those_of_the_code():
    page = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| [^|]+ \| ([\d.]+) \| `([\w.]+)` \|", page, re.MULTILINE)
    assert len(rows) > 15
    for value, place in rows:
        module, _, name = place.rpartition(".")
        assert float(value) == getattr(importlib.import_module(f"pictologics.{module}"), name), place
