"""What tests of files and archives share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.factories.dicom_series import write_series


@pytest.fixture(scope="session")
def series(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of one series, which tests only read."""
    folder = tmp_path_factory.mktemp("series")
    write_series(folder)
    return folder
