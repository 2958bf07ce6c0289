"""Every code block of the documentation is run: a page is a test, from top to bottom, in a folder of sample files."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sysconfig
from collections.abc import Iterable
from contextlib import chdir
from doctest import ELLIPSIS, NORMALIZE_WHITESPACE, OutputChecker
from importlib.util import find_spec
from pathlib import Path

import pytest
from sybil import Document, Example, Region, Sybil
from sybil.evaluators.doctest import DocTestEvaluator
from sybil.example import SybilFailure
from sybil.parsers.abstract import DocTestStringParser
from sybil.parsers.markdown import CodeBlockParser, PythonCodeBlockParser

OUTPUT = ELLIPSIS | NORMALIZE_WHITESPACE
NEEDS = re.compile(r"^<!-- needs: (\w+) -->\n+```.*?^```$", re.MULTILINE | re.DOTALL)
PROMPT = "$ "
STATUS = "; echo $?"
"""Behind a command whose exit status the page shows."""
PROGRAM = Path(sysconfig.get_path("scripts")) / "pictologics"


def pycon_blocks(document: Document) -> Iterable[Region]:
    """The prompts of ``pycon`` blocks, whose output must be what the page shows."""
    prompts = DocTestStringParser(DocTestEvaluator(OUTPUT))
    for block in CodeBlockParser("pycon", str)(document):
        for region in prompts(block.parsed, document.path):
            region.adjust(block, block.parsed)
            yield region


def run_console(example: Example) -> str | None:
    """Run the commands of a ``console`` block; what the page shows of their output must come, errors too."""
    for part in ("\n" + example.parsed).split("\n" + PROMPT)[1:]:
        command, _, shown = part.partition("\n")
        shows_status = command.endswith(STATUS)
        program, *arguments = shlex.split(command.removesuffix(STATUS))
        assert program == "pictologics", f"only pictologics is run here, not {program}"
        run = subprocess.run(
            [PROGRAM, *arguments],
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            env={**os.environ, "COLUMNS": "110", "PYTHONIOENCODING": "utf-8", "TERM": "dumb"},
            timeout=120,
        )
        printed = f"{run.stdout}{run.returncode}\n" if shows_status else run.stdout
        if shown.strip() and not OutputChecker().check_output(shown, printed, OUTPUT):
            return f"$ {command}\n--- the page shows\n{shown}\n--- what came\n{printed}"
        if run.returncode and "Error:" not in shown and not shows_status:
            return f"$ {command}\n--- failed with {run.returncode}\n{run.stdout}"
    return None


PAGES = Sybil(
    parsers=[PythonCodeBlockParser(), pycon_blocks, CodeBlockParser("console", run_console)],
    patterns=["docs/*.md", "README.md"],
)


def find_left_out(text: str) -> dict[range, str]:
    """The blocks of a page that need a library which is not installed here, and the library."""
    needed = {range(*match.span()): match[1] for match in NEEDS.finditer(text)}
    return {block: library for block, library in needed.items() if find_spec(library) is None}


class Page(pytest.Item):
    """All blocks of one page. They share their names, so they stay together however the tests are spread."""

    def runtest(self) -> None:
        """Run the blocks in order in a folder of their own."""
        # Imported here: a page is run by few, and this file is read by every run.
        from tests.factories.cohort_keys import use_test_key
        from tests.factories.page_files import page_folder

        with use_test_key(), page_folder() as folder, chdir(folder):
            document = PAGES.parse(self.path)
            left_out = find_left_out(document.text)
            for example in document.examples():
                if not any(example.start in block for block in left_out):
                    example.evaluate()

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException]) -> object:
        """A block that shows something else than what came speaks for itself."""
        if isinstance(excinfo.value, SybilFailure):
            return str(excinfo.value)
        return super().repr_failure(excinfo)


class LeftOut(pytest.Item):
    """Blocks that are not run here: said in the list of what was skipped, and the rest of the page is run."""

    def runtest(self) -> None:
        """Say which library they need."""
        pytest.skip(f"{self.name} is not installed: the blocks of {self.path.name} that need it were not run")


class PageFile(pytest.File):
    """A page that has blocks to run."""

    def collect(self) -> Iterable[Page]:
        """The page as one test, if it has any block."""
        if any(PAGES.parse(self.path).examples()):
            page = Page.from_parent(self, name="blocks")
            page.add_marker(pytest.mark.slow)
            yield page
        for library in sorted(set(find_left_out(self.path.read_text(encoding="utf-8")).values())):
            yield LeftOut.from_parent(self, name=library)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> PageFile | None:
    """Take the pages of the documentation for test files."""
    return PageFile.from_parent(parent, path=file_path) if PAGES.should_parse(file_path) else None
