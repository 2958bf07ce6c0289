"""Pipelines: checked before anything runs, the same from Python, YAML and JSON, and remembered in what they make."""

from __future__ import annotations

import inspect
import json
import math
import re
import zlib
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

import pictologics
from pictologics import (
    ContentWarning,
    CorruptFileError,
    GeometryError,
    Image,
    MissingPathError,
    OptionError,
    create_full_mask,
    filters,
    preprocessing,
)
from pictologics.preprocessing import Pipeline, Step
from pictologics.preprocessing.pipeline import STEPS
from pictologics.preprocessing.pipeline.catalog import SHORT_NAMES
from pictologics.preprocessing.pipeline.parameters import describe_type
from tests.preprocessing.scenes import box_filled_with, ct_of_a_body, on_grid, round_body

STUDY = """
description: Texture of a lesion
steps:
  - mark_sentinel
  - resample: {new_spacing: [1, 1, null], interpolation: cubic, round_intensities: true}
  - keep_largest_component:
  - resegment: {value_range: [-500, null]}
  - discretize: {bin_size: 25, minimum: -500}
"""


def scan() -> Image:
    return on_grid(box_filled_with(-2048.0, ct_of_a_body()), modality="CT")


def lesion() -> Image:
    return on_grid((round_body(0.4) > 0).astype(np.uint8), modality="SEG", labels={1: "lesion"})


# --- what a pipeline does is what its functions do ---


def test_a_pipeline_is_its_functions_one_after_the_other():
    result = Pipeline.from_yaml(STUDY).run(scan(), lesion())
    image = preprocessing.mark_sentinel(scan())
    spacing = (1, 1, image.spacing[2])
    image = preprocessing.resample_image(image, spacing, "cubic", round_intensities=True)
    mask = preprocessing.resample_image(lesion(), spacing, mask_threshold=0.5)
    mask = preprocessing.resegment_mask(image, preprocessing.keep_largest_component(mask), (-500, None))
    image = preprocessing.discretize_image(image, mask, bin_size=25, minimum=-500)
    np.testing.assert_array_equal(result.image.array, image.array)
    np.testing.assert_array_equal(result.masks.array, mask.array)
    assert result.image.grid == image.grid == result.masks.grid
    assert result.masks.labels == {1: "lesion"}


def test_every_filter_is_a_step():
    names = {name for name in filters.__all__ if callable(getattr(filters, name)) and name.islower()}
    assert names
    assert names <= set(STEPS)
    made = Pipeline([("gaussian_filter", {"sigma_mm": 1.5}), {"laplacian_of_gaussian": {"sigma_mm": 2}}]).run(scan())
    expected = filters.laplacian_of_gaussian(filters.gaussian_filter(scan(), 1.5), 2.0)
    np.testing.assert_array_equal(made.image.array, expected.array)
    assert made.masks is None


@pytest.mark.parametrize("name", sorted(STEPS))
def test_every_step_has_the_name_of_its_function(name):
    (function,) = {getattr(room, name) for room in (preprocessing, filters) if name in room.__all__}
    own = {parameter.name for parameter in STEPS[name].parameters}
    # Resampling also has the options of the masks, and leaves those of a single image out.
    assert own <= set(inspect.signature(function).parameters) | {"mask_interpolation"}


@pytest.mark.parametrize(("short", "name"), SHORT_NAMES.items())
def test_other_names_of_steps_do_the_same(short, name):
    parameters = {
        "resample_image": {"new_spacing": [2, 2, 2]},
        "resegment_mask": {"value_range": [-100, 300]},
        "discretize_image": {"bin_number": 8},
    }.get(name, {})
    results = [Pipeline([{written: parameters}]).run(scan(), lesion()) for written in (short, name)]
    np.testing.assert_array_equal(results[0].image.array, results[1].image.array)
    np.testing.assert_array_equal(results[0].masks.array, results[1].masks.array)
    assert [result.provenance.steps[0].name for result in results] == [short, name]


def test_former_spellings_stay_importable():
    for former, name in (("normalise_image", "normalize_image"), ("discretise_image", "discretize_image")):
        for package in (pictologics, preprocessing):
            assert getattr(package, former) is getattr(package, name)


@pytest.mark.parametrize("name", sorted(STEPS))
def test_every_step_is_described_and_its_parameters_have_words(name):
    kind = STEPS[name]
    assert kind.summary.endswith(".")
    for parameter in kind.parameters:
        assert describe_type(parameter.annotation)


def test_every_step_is_on_the_page():
    page = (Path(__file__).parents[2] / "docs" / "preprocessing.md").read_text(encoding="utf-8")
    for name, kind in STEPS.items():
        (row,) = [line for line in page.splitlines() if line.startswith(f"| `{name}` | {kind.scope.words} |")]
        assert re.findall(r"`(\w+)", row.split("|")[3]) == [one.name for one in kind.parameters]


def test_masks_come_back_as_they_were_given_and_steps_may_name_theirs():
    image, one = scan(), lesion()
    other = preprocessing.grow_mask(one, 2.0)
    pipeline = Pipeline([Step("grow_mask", {"distance_mm": 1.7}, masks=("b",)), {"normalize": {"masks": ["a"]}}])
    result = pipeline.run(image, {"a": one, "b": other})
    assert list(result.masks) == ["a", "b"]
    np.testing.assert_array_equal(result.masks["a"].array, one.array)
    np.testing.assert_array_equal(result.masks["b"].array, preprocessing.grow_mask(other, 1.7).array)
    np.testing.assert_array_equal(result.image.array, preprocessing.normalize_image(image, one).array)
    listed = Pipeline(["crop_to_mask"]).run(image, [one, other])
    assert isinstance(listed.masks, list)
    assert listed.masks[0].grid == listed.masks[1].grid == listed.image.grid
    assert listed.image.grid == preprocessing.crop_to_mask(image, other)[0].grid


def test_what_was_passed_is_left_as_it_was():
    image, mask = scan(), lesion()
    before = image.array.copy(), mask.array.copy(), image.provenance
    Pipeline.from_yaml(STUDY).run(image, mask)
    np.testing.assert_array_equal(image.array, before[0])
    np.testing.assert_array_equal(mask.array, before[1])
    assert image.provenance == before[2]
    assert image.source_mask is None


# --- the record ---


def test_the_record_holds_all_that_is_needed_to_do_it_again(tmp_path):
    image, mask = scan(), lesion()
    result = Pipeline.from_yaml(STUDY).run(image, mask)
    texts = [one.text for one in result.image.provenance.decisions]
    assert [text.partition("(")[0] for text in texts if text.startswith("step")] == [
        "step 1: mark_sentinel",
        "step 2: resample",
        "step 3: keep_largest_component",
        "step 4: resegment",
        "step 5: discretize",
    ]
    assert any("-2048" in text and "detected" in text for text in texts)
    assert any("resegmented to [-500, inf]" in one.text for one in result.masks.provenance.decisions)
    record = result.provenance
    record.save(tmp_path / "record.json")
    content = json.loads((tmp_path / "record.json").read_text(encoding="utf-8"))
    assert content["steps"][1]["parameters"]["mask_threshold"] == 0.5, "defaults are written out"
    assert content["steps"][3]["decisions"][0].startswith("mask: resegmented")
    again = Pipeline.from_file(tmp_path / "record.json")
    assert again == Pipeline.from_yaml(STUDY)
    repeated = again.run(image, mask).provenance
    assert repeated == record
    image.array[0, 0, 0] += 1
    assert again.run(image, mask).provenance.image["crc32"] != record.image["crc32"]


def test_the_checksum_is_that_of_the_voxels_with_x_fastest_whatever_their_order_in_memory():
    array = np.arange(24, dtype=np.int16).reshape(2, 3, 4)
    expected = f"{zlib.crc32(array.astype('<i2').tobytes(order='F')):08x}"
    for same in (array, np.asfortranarray(array), array.astype(">i2")):
        image = Image(same, (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
        assert Pipeline(["round_intensities"]).run(image).provenance.image["crc32"] == expected


NUMBERS = st.floats(allow_nan=False, allow_infinity=False, width=32) | st.integers(-5000, 5000)
POSITIVE = st.floats(0.1, 50) | st.integers(1, 50)
ENDS = st.one_of(st.none(), NUMBERS)
ANY_STEP = st.one_of(
    st.sampled_from(["round_intensities", "mark_sentinel", "filter_outliers", ("crop_to_mask", {"margin_mm": 2})]),
    st.builds(
        lambda a, b: ("resegment", {"value_range": sorted([a, b])}),
        NUMBERS,
        NUMBERS,
    ),
    st.builds(lambda a: ("clip_intensities", {"value_range": (a, None)}), ENDS),
    st.builds(lambda d: {"grow_mask": {"distance_mm": d, "masks": ["été", "b: c"]}}, NUMBERS),
    st.builds(
        lambda s, i: ("resample", {"new_spacing": s, "interpolation": i}),
        st.tuples(POSITIVE, POSITIVE, st.none() | POSITIVE),
        st.sampled_from(["nearest", "linear", "cubic"]),
    ),
    st.builds(lambda n: ("discretize", {"bin_number": n}), st.integers(1, 64)),
    st.builds(lambda v, t: ("mark_sentinel", {"sentinel": v, "tolerance": t}), NUMBERS, POSITIVE),
    st.builds(lambda s: ("gaussian_filter", {"sigma_mm": s, "boundary": "nearest"}), POSITIVE),
)


@pytest.mark.slow
@example(steps=["round_intensities"], description="a\x85b\u2028c\u2029")
@given(steps=st.lists(ANY_STEP, min_size=1, max_size=6), description=st.text(max_size=30))
def test_a_pipeline_survives_every_file(tmp_path, steps, description):
    pipeline = Pipeline(steps, description)
    assert Pipeline(pipeline.steps, description) == pipeline
    assert Pipeline.from_dict(pipeline.to_dict()) == pipeline
    for name in ("p.yaml", "p.yml", "p.json"):
        pipeline.save(tmp_path / name)
        assert Pipeline.from_file(tmp_path / name) == pipeline


# --- what is wrong is found before anything runs ---

WRONG = [
    ("steps: [sharpen]", "step 1: unknown step 'sharpen'; the steps are clip_intensities, "),
    ("steps: [round_intensities, resampel: {}]", "step 2: unknown step 'resampel'"),
    (
        "steps: [resample: {spacing: [1, 1, 1]}]",
        r"step 1 \(resample\) has no parameter 'spacing'; its parameters are new_spacing, interpolation",
    ),
    ("steps: [round_intensities: {digits: 2}]", "has no parameter 'digits'; its parameters are none"),
    ("steps: [resample]", r"step 1 \(resample\) needs the parameter new_spacing, a list of 3 items, each a number or"),
    ("steps: [resample: {new_spacing: 1}]", r"new_spacing is 1 and must be a list of 3 items"),
    ("steps: [resample: {new_spacing: [1, 1]}]", r"new_spacing is \[1, 1\] and must be a list of 3"),
    ("steps: [resample: {new_spacing: [1, 1, no]}]", r"new_spacing is \[1, 1, False\]"),
    ("steps: [resample: {new_spacing: [1, 1, 0]}]", r"step 1 \(resample\): new_spacing is .* above 0"),
    ("steps: [resample: {new_spacing: [1, 1, -.inf]}]", "new_spacing is"),
    (
        "steps: [resample: {new_spacing: [1, 1, 1], interpolation: lanczos}]",
        'interpolation is \'lanczos\' and must be "nearest" or "linear" or "cubic"',
    ),
    ("steps: [mean_filter: {support: 3.5}]", r"support is 3\.5 and must be a whole number"),
    ("steps: [mean_filter: {support: true}]", "support is True and must be a whole number"),
    ("steps: [mean_filter: {dimensions: '3'}]", "dimensions is '3' and must be 2 or 3; write the number without"),
    ("steps: [grow_mask: {distance_mm: 1e-3}]", r"distance_mm is '1e-3' and must be a number; .* as 0\.001"),
    (f"steps: [grow_mask: {{distance_mm: {10**400}}}]", "distance_mm is 1000"),
    ("steps: [grow_mask: {distance_mm: .nan}]", "distance_mm is nan"),
    ("steps: [resegment: {value_range: [400, -1000]}]", r"step 1 \(resegment\): value_range is .* the lower one first"),
    ("steps: [filter_outliers: {k: 0}]", "k is 0"),
    ("steps: [keep_largest_component: {connectivity: 8}]", "connectivity is 8 and must be 6 or 18 or 26"),
    ("steps: [discretize: {bin_number: 8, bin_size: 25}]", r"step 1 \(discretize\): exactly one of bin_number"),
    ("steps: [discretize]", "exactly one of bin_number and bin_size is required, and neither"),
    ("steps: [resample: [1, 1, 1]]", "a step is its name, or its name and its parameters by name"),
    ("steps: [{resegment: {}, discretize: {}}]", "a step is its name"),
    ("steps: [3]", "step 1 is 3, and a step is its name"),
    ("steps: [resample: {new_spacing: [1, 1, 1], masks: [a]}]", "has no parameter 'masks'"),
    ("steps: [grow_mask: {distance_mm: 1, masks: 3}]", "masks is 3 and must be a list of mask names"),
    ("steps: []", "the pipeline has no step"),
    ("steps:", "the pipeline has no step"),
    ("steps: resample", "the steps are 'resample' and must be a list"),
    ("steps: {resample: {}}", "must be a list of steps"),
    ("", "and nothing was found; list the steps under 'steps'"),
    ("[resample]", "a pipeline is a mapping with the key 'steps', and list was found"),
    ("step: [resample]", "with the key 'steps', and the key 'step' was found"),
    ("steps: [round_intensities]\nversoin: 1", "a pipeline has no key 'versoin'; its keys are description, steps"),
    ("steps: [round_intensities]\ndescription: 5", "the description is 5 and must be text"),
    ("steps: [mean_filter: {support: 3, support: 5}]", "the key 'support' appears twice"),
    ("steps: [mean_filter: {1: 3}]", "the key 1 is not text"),
]


@pytest.mark.parametrize(("text", "message"), WRONG, ids=[text[:60] for text, _ in WRONG])
def test_a_wrong_file_is_refused_with_its_name_and_what_is_known(tmp_path, text, message):
    path = tmp_path / "study.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(OptionError, match=rf"(?s)^'.*study\.yaml': .*{message}"):
        Pipeline.from_file(path)


def test_files_that_are_no_pipeline(tmp_path):
    bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n"
    bomb += "".join(f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True))
    for name, content, kind, message in [
        ("bomb.yaml", f"{bomb}steps: *i", OptionError, "more than 20000 values"),
        ("cycle.yaml", "steps: &s [*s]", CorruptFileError, "recursive"),
        (
            "object.yaml",
            "steps: !!python/object/apply:os.system [echo]",
            CorruptFileError,
            "not valid YAML of plain values",
        ),
        ("cut.yaml", "steps: [resample: {new_spacing: [1, 1", CorruptFileError, "YAML of plain values"),
        ("nested.yaml", "steps: " + "[" * 12 + "]" * 12, OptionError, "step 1 is"),
        ("deeper.yaml", "steps: " + "[" * 13 + "]" * 13, OptionError, "nested more than 12 deep"),
        ("deep.yaml", "[" * 5000, CorruptFileError, "not valid YAML"),
        ("deep.json", "[" * 100000, CorruptFileError, "not valid JSON"),
        ("digits.json", '{"steps": ' + "1" * 5000 + "}", CorruptFileError, "not valid JSON"),
        ("digits.yaml", "steps: " + "1" * 5000, CorruptFileError, "not valid YAML"),
        ("cut.json", '{"steps": [', CorruptFileError, "not valid JSON"),
        ("twice.json", '{"steps": [], "steps": []}', OptionError, "the key 'steps' appears twice"),
        ("bytes.yaml", b"steps: \xff\xfe", CorruptFileError, "not valid UTF-8"),
        ("large.json", " " * (1 << 21), OptionError, "2097152 bytes"),
        ("study.txt", "steps: [round_intensities]", OptionError, r"must end in \.json, \.yaml, \.yml"),
    ]:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        with pytest.raises(kind, match=rf"{name}': .*{message}"):
            Pipeline.from_file(path)
    with pytest.raises(MissingPathError, match=r"none\.yaml"):
        Pipeline.from_file(tmp_path / "none.yaml")
    with pytest.raises(OptionError, match="its folder"):
        Pipeline(["round_intensities"]).save(tmp_path / "no" / "p.yaml")
    with pytest.raises(OptionError, match="must end in"):
        Pipeline(["round_intensities"]).save(tmp_path / "p.txt")


WORDS = [*STEPS, "steps", "masks", "description", "new_spacing", "bin_size", "value_range", "pipeline", "k", ""]
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(WORDS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=3),
    max_leaves=8,
)


@given(content=PLAIN | st.fixed_dictionaries({"steps": st.lists(PLAIN, max_size=3)}))
def test_whatever_a_file_holds_is_a_pipeline_or_refused(content):
    text = json.dumps(content)
    for read in (Pipeline.from_json, Pipeline.from_yaml):
        try:
            assert read(text).steps
        except (OptionError, CorruptFileError) as error:
            assert str(error)


@given(text=st.text(alphabet="steps: -[]{}&*!|>#%@,'\"\\\n\tab1.", max_size=60))
def test_whatever_a_text_is_it_is_a_pipeline_or_refused(text):
    for read in (Pipeline.from_json, Pipeline.from_yaml):
        with pytest.raises((OptionError, CorruptFileError)):
            read(text)


def test_an_error_carries_its_facts():
    with pytest.raises(OptionError) as caught:
        Pipeline(["round_intensities", ("mean_filter", {"support": "big"})])
    assert caught.value.values == {"step": 2, "parameter": "support", "value": "big"}
    assert caught.value.path is None


def test_images_and_masks_are_checked_before_a_step_runs(monkeypatch):
    image, mask = scan(), lesion()
    first = ("gaussian_filter", {"sigma_mm": 1.0})
    ran = []
    aside = Image(mask.array, mask.spacing, (0.0, 0.0, 0.0))
    empty = mask.array * 0
    for steps, one, masks, kind, message in [
        (["crop_to_mask"], image, None, OptionError, r"step 2 \(crop_to_mask\) needs a mask, and none was given"),
        ([("grow_mask", {"distance_mm": 1})], image, None, OptionError, "needs a mask"),
        (["round_intensities"], image, aside, GeometryError, "the mask lies elsewhere.*load_mask"),
        (["round_intensities"], image, on_grid(mask.array[1:]), GeometryError, "the mask has shape"),
        (["round_intensities"], image, {"a": mask, "b": on_grid(empty)}, OptionError, "the mask 'b' marks no voxel"),
        (
            ["normalize"],
            image,
            [mask, mask],
            OptionError,
            "takes one mask, and 2 were given; name one of them .* '0', '1'",
        ),
        ([{"normalize": {"masks": ["liver"]}}], image, mask, OptionError, "'liver', which was not given; .* 'mask'"),
        (["normalize"], image.with_source_mask(empty), mask, OptionError, "the image has no valid voxel"),
        (["normalize"], image.array, mask, OptionError, "image is of type ndarray and must be an Image"),
        (["normalize"], image, mask.array, OptionError, "mask is of type ndarray and must be an Image"),
    ]:
        pipeline = Pipeline([first, *steps])
        with monkeypatch.context() as patch, pytest.raises(kind, match=message):
            patch.setattr(filters, "gaussian_filter", lambda image, **_: ran.append(image))
            pipeline.run(one, masks)
    assert not ran


def test_a_step_that_cannot_be_done_says_which_it_is():
    with pytest.raises(OptionError, match=r"step 2 \(resegment\): no voxel of the mask lies in \[5000, inf\]"):
        Pipeline(["round_intensities", ("resegment", {"value_range": (5000, None)})]).run(scan(), lesion())


def test_invalid_voxels_never_matter_to_a_whole_pipeline():
    steps = ["round_intensities", ("gaussian_filter", {"sigma_mm": 1.2}), ("resample", {"new_spacing": [2, 2, 2]})]
    pipeline = Pipeline([*steps, "filter_outliers", ("discretize", {"bin_number": 16})])
    image = scan()
    valid = image.array != -2048
    results = []
    for junk in (-2048.0, 1e6, math.nan):
        one = on_grid(np.where(valid, image.array, np.float32(junk)), source_mask=valid)
        results.append(pipeline.run(one, lesion()))
    for other in results[1:]:
        np.testing.assert_array_equal(other.image.array, results[0].image.array)
        np.testing.assert_array_equal(other.masks.array, results[0].masks.array)
    assert results[0].image.array.max() == 16


def test_numbers_that_are_none_are_told_once():
    image = scan()
    image.array[0, :3, 0] = math.nan
    with pytest.warns(ContentWarning, match="3 voxels are NaN or infinite") as warned:
        result = Pipeline(["normalize", ("gaussian_filter", {"sigma_mm": 2}), "normalize"]).run(image, lesion())
    assert len(warned) == 1
    assert np.count_nonzero(~result.image.source_mask) == 3
    assert np.isfinite(result.image.array).all()
    assert [one.kind for one in result.image.provenance.decisions].count("left out") == 1


def test_a_full_mask_runs_as_no_mask_does():
    image = on_grid(ct_of_a_body())
    step = Pipeline([("discretize", {"bin_number": 32})])
    np.testing.assert_array_equal(step.run(image).image.array, step.run(image, create_full_mask(image)).image.array)


@pytest.mark.parametrize(
    "steps", [["mark_sentinel"], ["round_intensities"], [{"clip_intensities": {"value_range": [0, 9]}}]]
)
def test_writing_to_what_comes_out_changes_nothing_that_went_in(steps):
    values = np.full((20, 20, 20), -2048.0)
    values[5:15, 5:15, 5:15] = np.random.default_rng(1).normal(40, 15, (10, 10, 10)).round()
    scan = Image(values, (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
    mask = Image((values > 0).astype(np.uint8), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
    before = values.copy(), mask.array.copy()
    result = Pipeline(steps).run(scan, mask)
    assert result.masks is not mask
    for image in (result.image, result.masks):
        image.array[...] = 99
        image.direction[...] = 0
    np.testing.assert_array_equal(scan.array, before[0])
    np.testing.assert_array_equal(mask.array, before[1])
    np.testing.assert_array_equal(scan.direction, np.eye(3))


def test_yaml_of_very_many_values_is_refused_before_they_are_built(monkeypatch):
    """Half a megabyte of commas takes PyYAML twenty seconds."""
    built = []
    compose = yaml.SafeLoader.compose_node
    monkeypatch.setattr(yaml.SafeLoader, "compose_node", lambda *args: built.append(1) or compose(*args))
    for text in ("steps: [" + "x," * 60_000 + "]", "a: {" + "b: 1, " * 30_000 + "}", "- - 1\n" * 30_000):
        built.clear()
        with pytest.raises(OptionError, match="more than 20000 values"):
            Pipeline.from_yaml(text)
        assert len(built) == 20_000
