"""What every test may ask for."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.factories.cohort_keys import use_test_key
from tests.factories.cohorts import demo_cohort, demo_cohort_copy, demo_index  # noqa: F401
from tests.factories.hostile import ends_at_last

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"

# A shared machine may stall for longer than hypothesis' deadline; tmp_path is only ever added to; a run of unlucky
# draws is no failure. Where a change is judged, the examples are the same each time; elsewhere new ones are tried.
settings.register_profile(
    "suite",
    deadline=None,
    max_examples=50,
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.function_scoped_fixture,
        HealthCheck.filter_too_much,
    ],
)
settings.load_profile("suite")


# Programs that a script starts in the background, and those that they start, do not listen to Ctrl-C; tests of it do.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs the real scans, which are large; ``-m "not shared_data"`` and ``-m "not slow"`` leave it out."""
    for item in items:
        if "shared_data" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.shared_data)
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session", autouse=True)
def cohort_key() -> Iterator[Path]:
    """The key of all pseudonyms."""
    with use_test_key() as path:
        yield path


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real scans beside the repository."""
    if not SHARED_DATA.is_dir():
        pytest.skip("the real scans (../shared/data beside the repository) are not here")
    return SHARED_DATA


@pytest.fixture(scope="session")
def s3_server():
    """The address of a server on this machine that speaks S3; the environment names it as long as there are tests."""
    from tests.factories.file_servers import serve_s3

    with serve_s3() as address:
        yield address


@pytest.fixture
def ends_soon(no_handle_left: None) -> Iterator[None]:
    """Fail if the test hangs, or leaves a file open."""
    with ends_at_last():
        yield


@pytest.fixture
def no_handle_left():
    """Fail if the test leaves a file of this process open that was not open before."""
    listing = Path("/proc/self/fd")
    if not listing.is_dir():
        yield
        return
    before = open_files(listing)
    yield
    # A thread of another library that reads along, such as zarr's, may be a moment behind.
    for _ in range(100):
        left = [target for target in open_files(listing) if target not in before]
        if not left:
            return
        time.sleep(0.1)
    pytest.fail(f"left open: {left}")


def open_files(listing: Path) -> list[str]:
    """Targets of this process's open file descriptors that are real files."""
    found = []
    for entry in listing.iterdir():
        try:
            target = str(entry.readlink())
        except OSError:
            continue  # the descriptor of the listing itself
        if target.startswith("/") and not target.startswith(("/dev", "/proc")):
            found.append(target)
    return found
