"""Series with gaps in a run: what their empty planes hold, and what the row says."""

from __future__ import annotations

import numpy as np
import pytest

from pictologics import OptionError, load_image
from pictologics.cohort import Case, Selection
from pictologics.cohort.cases.choosing import choose_cases
from pictologics.cohort.running.case_work import work_on_case
from pictologics.cohort.running.rules import hash_parameters
from tests.factories.run_cases import make_run_rules


@pytest.fixture
def gaps(demo_index) -> Case:
    (case,) = choose_cases(demo_index, Selection({"ct": "verdict = 'irregular' AND loads"}, masks=None))
    return case


@pytest.mark.parametrize(("given", "held"), [(None, -1024), (-2000.0, -2000)])
def test_voxels_without_data_hold_air_and_are_counted_in_the_row(gaps, tmp_path, given, held):
    row = work_on_case(gaps, "hash", make_run_rules(tmp_path, fill_value=given)).row
    choice = gaps.images["ct"]
    truth = load_image(list(choice.files), **choice.options)
    written = load_image(tmp_path / row.outputs[0].path)
    assert row.status == "done"
    assert set(np.unique(written.array[~truth.source_mask])) == {held}
    assert np.array_equal(written.array[truth.source_mask], truth.array[truth.source_mask])
    (text,) = (warning.text for warning in row.warnings if warning.kind == "GeometryWarning")
    empty = int(np.count_nonzero(~truth.source_mask))
    assert empty
    assert f"{empty} of its voxels" in text
    assert text.endswith(f"have no data and hold {held}")


def test_another_fill_value_is_another_parameter(gaps, tmp_path):
    hashes = [hash_parameters(gaps, make_run_rules(tmp_path, fill_value=value)) for value in (None, -1024, 0)]
    assert hashes[0] == hashes[1] != hashes[2]
    with pytest.raises(OptionError, match="fill_value"):
        make_run_rules(tmp_path, fill_value="air")
