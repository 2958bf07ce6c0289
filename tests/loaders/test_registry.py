"""The list of readers: one for images and segments alike, open to a reader that is added to it."""

from __future__ import annotations

import numpy as np
import pytest

from pictologics import (
    CorruptFileError,
    Image,
    UnsupportedFormatError,
    explain,
    load_image,
    load_rtstruct,
    load_seg,
    save_image,
)
from pictologics.loaders import get_segment_info, registry
from pictologics.loaders.protocol import (
    Description,
    Probe,
    ReadOptions,
    SegmentFacts,
    SegmentOptions,
    SegmentReader,
    Source,
)


class ToyReader:
    """Reads files that begin with a word; the second word says whether they hold segments."""

    name = "toy"
    segment_format = "toy segments"
    suffixes = (".toy",)
    honors = frozenset[str]()
    needs_reference = False

    def matches(self, probe: Probe) -> bool:
        return probe.head.startswith(b"toy")

    def read(self, source: Source, options: ReadOptions) -> Image:
        return Image(np.ones((2, 3, 4), np.uint8), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))

    def describe(self, source: Source, options: ReadOptions) -> Description:
        return Description(())

    def holds_segments(self, probe: Probe) -> bool:
        return probe.head.endswith(b"segments")

    def list_segments(self, source: Source) -> list[SegmentFacts]:
        return [{"segment_number": 7}]

    def read_segments(self, source: Source, options: SegmentOptions) -> Image | dict[int, Image]:
        image = self.read(source, ReadOptions())
        return image if options.combine else {7: image}


def test_which_readers_give_segments():
    found = {reader.name: reader.segment_format for reader in registry.READERS if isinstance(reader, SegmentReader)}
    assert found == {"NRRD": "3D Slicer segmentation", "DICOM SEG": "DICOM SEG", "RTSTRUCT": "RTSTRUCT"}


def test_a_reader_that_is_added_is_asked_by_every_door(monkeypatch):
    content, without = b"toy segments", b"toy alone"
    scan = Image(np.zeros((2, 3, 4)), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
    for call in (load_image, load_seg, get_segment_info):
        with pytest.raises(UnsupportedFormatError, match=r"begins with b'toy segm'"):
            call(content)
    monkeypatch.setattr(registry, "READERS", (*registry.READERS, ToyReader()))
    assert load_image(content).array.all()
    assert load_seg(content).array.all()
    assert set(load_seg(content, combine_segments=False)) == {7}
    assert get_segment_info(content) == [{"segment_number": 7}]
    assert load_image(without).array.all()
    with pytest.raises(UnsupportedFormatError, match=r"a segmentation is required \(.*toy segments\)"):
        load_seg(without)
    with pytest.raises(UnsupportedFormatError, match="the format RTSTRUCT is required"):
        load_rtstruct(content, scan)


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz", ".nrrd", ".nhdr", ".mha", ".mhd"])
@pytest.mark.parametrize("size", [0, 1, 2, 4])
def test_a_file_that_ends_before_its_format_can_be_told_was_cut(tmp_path, suffix, size):
    whole, cut = tmp_path / f"whole{suffix}", tmp_path / f"cut{suffix}"
    save_image(Image(np.zeros((2, 3, 4), np.int16), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0)), whole)
    cut.write_bytes(whole.read_bytes()[:size])
    with pytest.raises(CorruptFileError, match=r"is empty|it ends (within|after)|header is incomplete"):
        load_image(cut)
    # A folder that holds it says so, and does not pass over it.
    described = {volume.path: volume for volume in explain(tmp_path).volumes}
    assert described[str(whole)].loads
    assert not described[str(cut)].loads
    assert described[str(cut)].notes


def test_a_word_that_no_format_begins_with_is_no_cut_file(tmp_path):
    file = tmp_path / "notes.nrrd"
    file.write_bytes(b"NRX")
    with pytest.raises(UnsupportedFormatError, match="begins with b'NRX'"):
        load_image(file)
