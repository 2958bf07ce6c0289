"""A damaged container is refused, or gives what the whole one gives; it is never a shorter one in silence."""

from __future__ import annotations

import io
import random
import tarfile
import warnings
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.uid import RLELossless

from pictologics import CorruptFileError, PictologicsError, UnsupportedFormatError, load_image
from pictologics.storage.files import MemoryFile
from pictologics.storage.tar_index import walk_tar_entries
from tests.factories.archive_files import MAKERS, add_to_tar, add_to_zip
from tests.factories.dicom_series import write_series

FLIPS = 150
"""Bits that are turned over in each kind of archive."""


def load_bytes(content):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return load_image(content)


@pytest.mark.parametrize("maker", ["stored zip", "deflated zip", "tar.gz"])
def test_a_bit_turned_over_anywhere_changes_no_voxel(tmp_path, series, maker):
    """These containers have checksums for all that they hold, also for what a damaged header would leave out."""
    content = MAKERS[maker](tmp_path / "scan", series).read_bytes()
    whole = load_bytes(content)
    chance = random.Random(maker)
    refused = 0
    for _ in range(FLIPS):
        bent = bytearray(content)
        bent[chance.randrange(len(bent))] ^= 1 << chance.randrange(8)
        try:
            loaded = load_bytes(bytes(bent))
        except PictologicsError:
            refused += 1
            continue
        assert loaded.grid == whole.grid
        assert (loaded.array == whole.array).all()
    assert refused > FLIPS // 3


@pytest.mark.parametrize("maker", ["tar", "ustar", "gnu tar"])
def test_a_bit_turned_over_in_the_headers_of_a_tar_loses_no_slice(tmp_path, series, maker):
    path = MAKERS[maker](tmp_path / "scan.tar", series)
    content = path.read_bytes()
    whole = load_bytes(content)
    with tarfile.open(path) as archive:
        starts = [info.offset for info in archive.getmembers()]
    chance = random.Random(maker)
    for _ in range(FLIPS):
        bent = bytearray(content)
        bent[chance.choice(starts) + chance.randrange(512)] ^= 1 << chance.randrange(8)
        try:
            loaded = load_bytes(bytes(bent))
        except PictologicsError:
            continue
        assert (loaded.array == whole.array).all()


@pytest.mark.parametrize("maker", ["tar", "ustar", "gnu tar"])
def test_a_tar_cut_at_or_within_a_header_is_refused(tmp_path, series, maker):
    path = MAKERS[maker](tmp_path / "scan.tar", series)
    content = path.read_bytes()
    with tarfile.open(path) as archive:
        starts = [info.offset for info in archive.getmembers()][1:]
    for start in starts:
        for cut in (start, start + 1, start + 300, start + 511):
            with pytest.raises(CorruptFileError, match="cut off"):
                load_bytes(content[:cut])


def test_a_tar_needs_one_block_of_zeros_and_bears_any_filling(tmp_path, series):
    path = MAKERS["tar"](tmp_path / "scan.tar", series)
    content = path.read_bytes()
    whole = load_bytes(content)
    end = len(content.rstrip(b"\0"))
    end += -end % 512
    for filling in (bytes(512), bytes(1024) + b"\xa5" * 2000, bytes(5000)):
        assert (load_bytes(content[:end] + filling).array == whole.array).all()
    with pytest.raises(CorruptFileError, match="another archive begins"):
        load_bytes(content + content)


def test_a_sparse_file_is_refused_by_its_name(series):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        info = tarfile.TarInfo("with_holes.dcm")
        info.type = tarfile.GNUTYPE_SPARSE
        archive.addfile(info)
    with pytest.raises(UnsupportedFormatError, match=r"with_holes\.dcm.*sparse"):
        load_bytes(buffer.getvalue())


names = st.text(
    st.characters(min_codepoint=33, max_codepoint=0x17F, exclude_characters="/\\"), min_size=1, max_size=150
)


@given(
    files=st.dictionaries(st.lists(names, min_size=1, max_size=3).map("/".join), st.binary(max_size=1500), max_size=6),
    layout=st.sampled_from([tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]),
)
@settings(max_examples=80)
def test_entries_are_those_that_python_lists(files, layout):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=layout) as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            try:
                archive.addfile(info, io.BytesIO(content))
            except ValueError:
                return  # too long a name for ustar
    content = buffer.getvalue()
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        listed = [(info.name, info.offset_data, info.size) for info in archive.getmembers()]
    found = list(walk_tar_entries(MemoryFile("made.tar", content), "made.tar"))
    assert [(entry.name, entry.start, entry.size) for entry in found] == listed
    assert all(content[entry.start : entry.start + entry.size] == files[entry.name] for entry in found)


def test_numbers_of_gnu_and_pax_tars_beyond_eleven_digits():
    """Eight gigabytes do not fit into octal digits: base 256, or a record before the entry."""
    for layout in (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        info = tarfile.TarInfo("large.dcm")
        info.size = 9 << 30
        head = info.tobuf(layout)
        with pytest.raises(CorruptFileError, match=rf"needs {9 << 30} bytes"):
            list(walk_tar_entries(MemoryFile("made.tar", head), "made.tar"))


def test_the_work_for_many_headers_before_an_entry_is_in_proportion(monkeypatch):
    """A chain of records that never reaches an entry, of twice the length, takes twice the reads."""
    record = tarfile.TarInfo("é").tobuf(tarfile.PAX_FORMAT)[:1024]
    reads = []
    read_at = MemoryFile.read_at

    def counted(self, offset, size):
        reads.append(size)
        return read_at(self, offset, size)

    monkeypatch.setattr(MemoryFile, "read_at", counted)
    counts = []
    for count in (1000, 2000):
        reads.clear()
        assert list(walk_tar_entries(MemoryFile("chain.tar", record * count + bytes(1024)), "chain.tar")) == []
        counts.append(len(reads))
    assert counts[1] <= 2 * counts[0]


# --- checksums of zip ---

PADDING = b"\xfc\xff\xfc\xffOB\0\0\x20\0\0\0" + bytes(32)
"""DataSetTrailingPadding (FFFC,FFFC), which may follow the pixels of a file."""


def flip(path, entry: str, place: int) -> bytes:
    """Turn over a bit of a stored entry, ``place`` counted from its beginning or, if negative, from its end."""
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        (info,) = [info for info in archive.infolist() if info.filename.endswith(entry)]
    start = info.header_offset + 30 + len(info.filename.encode()) + len(info.extra)
    content[start + (place if place >= 0 else info.file_size + place)] ^= 4
    return bytes(content)


@pytest.mark.parametrize("place", [140, -2, -60], ids=["before the header", "in the last pixel", "in the pixels"])
def test_a_stored_entry_is_compared_with_its_checksum(tmp_path, series, place):
    path = add_to_zip(tmp_path / "scan.zip", series, zipfile.ZIP_STORED)
    with pytest.raises(CorruptFileError):
        load_bytes(flip(path, "002.dcm", place))


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("syntax", ["plain", "rle"])
@pytest.mark.parametrize(
    "behind", [b"", b"\xfc\xff\xfc\xffOB\0\0\x20\0\0\0" + bytes(32)], ids=["pixels last", "padding"]
)
def test_a_wrong_checksum_is_seen_however_the_pixels_are_read(tmp_path, method, syntax, behind):
    """Frames that are read one by one, and elements that follow the pixels, which no reader asks for."""
    folder = tmp_path / "series"
    write_series(folder, **({"syntax": RLELossless} if syntax == "rle" else {}))
    for file in folder.iterdir():
        file.write_bytes(file.read_bytes() + behind)
    path = add_to_zip(tmp_path / "scan.zip", folder, method)
    whole = load_bytes(path.read_bytes())
    assert (whole.array == load_image(folder).array).all()
    content = bytearray(path.read_bytes())
    mark = content.find(b"PK\1\2")
    content[mark + 16] ^= 1
    with pytest.raises(CorruptFileError, match="checksum"):
        load_bytes(bytes(content))


def test_an_entry_of_many_frames_is_compared_once(tmp_path, monkeypatch):
    from pictologics.storage.zip_entries import ZipEntry
    from tests.factories.enhanced import planes_of, write_enhanced
    from tests.factories.phantom import PHANTOM

    folder = tmp_path / "enhanced"
    folder.mkdir()
    write_enhanced(folder / "a.dcm", planes_of(PHANTOM))
    path = add_to_zip(tmp_path / "scan.zip", folder, zipfile.ZIP_STORED)
    compared = []
    compare = ZipEntry.compare
    monkeypatch.setattr(
        ZipEntry, "compare", lambda self, checksum: compared.append(self.name) or compare(self, checksum)
    )
    monkeypatch.setenv("PICTOLOGICS_NUM_THREADS", "1")
    load_bytes(path.read_bytes())
    assert len(compared) == 1


def test_a_tar_of_links_and_an_old_tar_load(tmp_path, series):
    path = tmp_path / "scan.tar"
    add_to_tar(path, series, "w", tarfile.GNU_FORMAT)
    with tarfile.open(path, "a") as archive:
        link = tarfile.TarInfo("series/again.dcm")
        link.type, link.linkname = tarfile.LNKTYPE, f"{series.name}/002.dcm"
        archive.addfile(link)
    assert (load_bytes(path.read_bytes()).array == load_image(series).array).all()
    assert np.prod(load_bytes(path.read_bytes()).array.shape)
