"""Archives: read where they are, as the folder that they hold, and bounded."""

from __future__ import annotations

import contextlib
import gzip
import io
import struct
import tarfile
import tracemalloc
import warnings
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pictologics import (
    AmbiguousSeriesError,
    CorruptFileError,
    MissingPathError,
    OptionError,
    PictologicsError,
    UnsupportedFormatError,
    explain,
    load_image,
    load_mask,
)
from pictologics.utilities import get_dicom_phases
from tests.factories.dicom_series import SYNTAXES, uid, write_series
from tests.factories.enhanced import planes_of, write_enhanced
from tests.factories.hostile import ends_at_last, refused_at_last
from tests.factories.metaimage_files import write_metaimage
from tests.factories.mosaics import CUTS, write_mosaic
from tests.factories.multiframe import AXIAL, write_dose
from tests.factories.nifti_files import write_nifti
from tests.factories.nrrd_files import write_nrrd
from tests.factories.phantom import PHANTOM
from tests.factories.phases import PATTERNS, phase_phantom, write_phases
from tests.factories.truth import assert_shows


@pytest.fixture(autouse=True)
def soon(no_handle_left):
    with ends_at_last():
        yield


@pytest.fixture(scope="module")
def series(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("series")
    write_series(folder)
    return folder


def add_to_zip(path: Path, folder: Path, method: int, **options) -> Path:
    with zipfile.ZipFile(path, "w", method, **options) as archive:
        for file in sorted(folder.rglob("*")):
            archive.write(file, file.relative_to(folder.parent))
    return path


def add_to_tar(path: Path, folder: Path, mode: str, layout: int) -> Path:
    with tarfile.open(path, mode, format=layout) as archive:
        archive.add(folder, folder.name)
    return path


MAKERS = {
    "stored zip": lambda path, folder: add_to_zip(path, folder, zipfile.ZIP_STORED),
    "deflated zip": lambda path, folder: add_to_zip(path, folder, zipfile.ZIP_DEFLATED),
    "best zip": lambda path, folder: add_to_zip(path, folder, zipfile.ZIP_DEFLATED, compresslevel=9),
    "tar": lambda path, folder: add_to_tar(path, folder, "w", tarfile.PAX_FORMAT),
    "ustar": lambda path, folder: add_to_tar(path, folder, "w", tarfile.USTAR_FORMAT),
    "gnu tar": lambda path, folder: add_to_tar(path, folder, "w", tarfile.GNU_FORMAT),
    "tar.gz": lambda path, folder: add_to_tar(path, folder, "w:gz", tarfile.PAX_FORMAT),
    "gnu tar.gz": lambda path, folder: add_to_tar(path, folder, "w:gz", tarfile.GNU_FORMAT),
}
every_maker = pytest.mark.parametrize("maker", MAKERS)


def files_below(folder: Path) -> set[str]:
    return {str(path) for path in folder.rglob("*")}


# --- what a folder gives, its archive gives ---


@every_maker
def test_a_series_in_an_archive(tmp_path, series, maker):
    path = MAKERS[maker](tmp_path / "scan.bin", series)
    before = files_below(tmp_path)
    image = load_image(path)
    assert_shows(image, PHANTOM)
    assert files_below(tmp_path) == before, "something was unpacked"
    assert image.provenance.slices[0].file.startswith(str(path))


@every_maker
@pytest.mark.parametrize("syntax", SYNTAXES.values(), ids=SYNTAXES)
def test_every_transfer_syntax_in_an_archive(tmp_path, maker, syntax):
    write_series(tmp_path / "series", syntax=syntax)
    assert_shows(load_image(MAKERS[maker](tmp_path / "scan", tmp_path / "series")), PHANTOM)


@pytest.mark.parametrize("maker", ["stored zip", "deflated zip", "tar", "tar.gz"])
def test_every_kind_of_object_in_an_archive(tmp_path, maker):
    written = {
        "enhanced": (write_enhanced(tmp_path / "enhanced" / "a.dcm", planes_of()[::-1]), PHANTOM),
        "dose": (
            write_dose(tmp_path / "dose" / "a.dcm", order=[4, 3, 2, 1, 0], scaling=2.0),
            AXIAL.with_array(AXIAL.array * 2),
        ),
        "mosaic": (write_mosaic(tmp_path / "mosaic" / "a.dcm", CUTS["sagittal, against"]), CUTS["sagittal, against"]),
    }
    for name, (file, phantom) in written.items():
        assert_shows(load_image(MAKERS[maker](tmp_path / f"{name}.archive", file.parent)), phantom)


@every_maker
def test_phases_in_an_archive(tmp_path, maker):
    write_phases(tmp_path / "phases", PATTERNS["echo"].touches)
    path = MAKERS[maker](tmp_path / "scan", tmp_path / "phases")
    phases = get_dicom_phases(path)
    assert [phase.label for phase in phases] == [phase.label for phase in get_dicom_phases(tmp_path / "phases")]
    for t, phase in enumerate(phases):
        assert_shows(load_image(path, dataset_index=t), phase_phantom(t))
        assert_shows(load_image(phase), phase_phantom(t))
    assert [volume.phase for volume in explain(path).volumes] == [phase.label for phase in phases]


@every_maker
def test_several_series_in_an_archive(tmp_path, maker):
    write_series(tmp_path / "both" / "a" / "deep", series="a")
    write_series(tmp_path / "both" / "b", PHANTOM.with_array(PHANTOM.array + 500), series="b")
    path = MAKERS[maker](tmp_path / "scan", tmp_path / "both")
    with pytest.raises(AmbiguousSeriesError, match="series_uid"):
        load_image(path)
    assert_shows(load_image(path, series_uid=uid("a")), PHANTOM)
    assert_shows(load_image(path, series_uid=uid("b")), PHANTOM.with_array(PHANTOM.array + 500))


@every_maker
def test_what_computers_add_is_passed_over(tmp_path, maker):
    folder = tmp_path / "scan"
    write_series(folder)
    (folder / "__MACOSX").mkdir()
    (folder / "__MACOSX" / "._000.dcm").write_bytes(b"\0\5\26\7" * 20)
    (folder / ".DS_Store").write_bytes(b"store")
    (folder / "report.txt").write_text("all is well")
    assert_shows(load_image(MAKERS[maker](tmp_path / "archive", folder)), PHANTOM)


def test_the_name_means_nothing(tmp_path, series):
    for name in ("scan.zip", "scan.dcm", "scan.nii.gz", "scan"):
        assert_shows(load_image(MAKERS["deflated zip"](tmp_path / name, series)), PHANTOM)
        assert_shows(load_image(MAKERS["tar.gz"](tmp_path / f"t{name}", series)), PHANTOM)


WRITERS = {
    "a.nii.gz": write_nifti,
    "a.nii": write_nifti,
    "a.nrrd": write_nrrd,
    "a.mha": write_metaimage,
}


@every_maker
@pytest.mark.parametrize("name", WRITERS)
def test_the_only_image_file_in_an_archive_is_loaded(tmp_path, maker, name):
    (tmp_path / "scan" / "deep").mkdir(parents=True)
    WRITERS[name](tmp_path / "scan" / "deep" / name)
    (tmp_path / "scan" / "readme.txt").write_text("of no interest")
    path = MAKERS[maker](tmp_path / "archive", tmp_path / "scan")
    for source in (path, path.read_bytes(), io.BytesIO(path.read_bytes())):
        assert_shows(load_image(source), PHANTOM)
    assert_shows(load_image(path / "scan" / "deep" / name), PHANTOM)
    assert explain(path).default.shape == PHANTOM.shape


@every_maker
def test_of_several_image_files_in_an_archive_one_is_chosen_by_its_path(tmp_path, maker):
    (tmp_path / "scan").mkdir()
    write_nifti(tmp_path / "scan" / "a.nii.gz")
    write_nifti(tmp_path / "scan" / "b.nii", PHANTOM.with_array(PHANTOM.array + 500))
    path = MAKERS[maker](tmp_path / "archive", tmp_path / "scan")
    with pytest.raises(
        UnsupportedFormatError, match=r"a\.nii\.gz', '.*b\.nii'\); load one by its path, '.*a\.nii\.gz'"
    ):
        load_image(path)
    with pytest.raises(UnsupportedFormatError, match="unpack it"):
        load_image(path.read_bytes())
    assert_shows(load_image(str(path / "scan" / "b.nii")), PHANTOM.with_array(PHANTOM.array + 500))
    found = explain(path)
    assert [eval(volume.call(found.path), {"load_image": load_image}).shape for volume in found.volumes] == [
        PHANTOM.shape
    ] * 2
    with pytest.raises(MissingPathError, match=r"no such file in the archive; it holds '.*a\.nii\.gz'"):
        load_image(path / "c.nii")


def test_paths_of_the_standard_library_into_archives(tmp_path):
    (tmp_path / "scan").mkdir()
    write_nifti(tmp_path / "scan" / "a.nii.gz")
    path = zipfile.Path(MAKERS["deflated zip"](tmp_path / "archive", tmp_path / "scan"))
    assert_shows(load_image(path / "scan" / "a.nii.gz"), PHANTOM)
    assert str(path / "scan/a.nii.gz") in load_image(path / "scan" / "a.nii.gz").provenance.source
    with pytest.raises(OptionError, match="this is a folder in Path"):
        load_image(path / "scan/")
    with pytest.raises(MissingPathError):
        load_image(path / "scan" / "b.nii")


def test_a_slice_in_an_archive_has_a_path(tmp_path, series):
    path = MAKERS["deflated zip"](tmp_path / "scan.zip", series)
    assert load_image(path / series.name / "000.dcm").shape == (*PHANTOM.shape[:2], 1)


def test_a_header_in_an_archive_does_not_find_its_voxels(tmp_path):
    (tmp_path / "scan").mkdir()
    write_metaimage(tmp_path / "scan" / "a.mhd")
    with pytest.raises(UnsupportedFormatError, match=r"voxels are in another file, '.*a\.mhd'; unpack it"):
        load_image(MAKERS["deflated zip"](tmp_path / "archive", tmp_path / "scan"))


def test_a_mask_in_an_archive(tmp_path):
    (tmp_path / "scan").mkdir()
    write_nifti(tmp_path / "scan" / "mask.nii.gz", PHANTOM.with_array(PHANTOM.array > 100), dtype="uint8")
    mask = load_mask(MAKERS["deflated zip"](tmp_path / "archive", tmp_path / "scan"))
    np.testing.assert_array_equal(mask.array, PHANTOM.array > 100)


# --- archives with nothing to load ---


@every_maker
@pytest.mark.parametrize("content", ["nothing", "junk", "an archive"])
def test_no_dicom_inside(tmp_path, series, maker, content):
    folder = tmp_path / "scan"
    folder.mkdir()
    if content == "junk":
        (folder / "a.bin").write_bytes(np.random.default_rng(0).bytes(3000))
    elif content == "an archive":
        MAKERS["deflated zip"](folder / "inner.zip", series)
    path = MAKERS[maker](tmp_path / "archive", folder)
    for door in (load_image, explain):
        with refused_at_last(UnsupportedFormatError, match="archive"):
            door(path)


def test_an_empty_zip(tmp_path):
    with zipfile.ZipFile(tmp_path / "empty.zip", "w"):
        pass
    with pytest.raises(UnsupportedFormatError, match=r"empty\.zip"):
        load_image(tmp_path / "empty.zip")


# --- archives that nobody should trust ---


def zip_of(*entries: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return buffer.getvalue()


def tar_of(*entries: tuple[str, bytes], kind: bytes = tarfile.REGTYPE, link: str = "") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in entries:
            info = tarfile.TarInfo(name)
            info.size, info.type, info.linkname = len(content), kind, link
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


@pytest.fixture(scope="module")
def slice_bytes(series) -> bytes:
    return (series / "002.dcm").read_bytes()


CLIMBERS = ["../out.dcm", "a/../../out.dcm", "/etc/out.dcm", "..\\out.dcm", "a\\..\\..\\out.dcm", "\\out.dcm", "a/.."]


@pytest.mark.parametrize("name", CLIMBERS)
@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz"])
def test_entries_that_climb_out(tmp_path, slice_bytes, name, kind):
    path = tmp_path / "one" / "two" / "evil"
    path.parent.mkdir(parents=True)
    tar = tar_of(("a.dcm", slice_bytes), (name, slice_bytes))
    path.write_bytes(
        {"zip": zip_of(("a.dcm", slice_bytes), (name, slice_bytes)), "tar": tar, "tar.gz": gzip.compress(tar)}[kind]
    )
    before = files_below(tmp_path)
    with pytest.raises(CorruptFileError, match="leads out"):
        load_image(path)
    assert files_below(tmp_path) == before


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_links_and_devices_are_no_files(tmp_path, series, kind):
    """A link to a true slice on the disk is not followed."""
    (tmp_path / "evil.tar").write_bytes(tar_of(("a.dcm", b""), kind=kind, link=str(series / "000.dcm")))
    with refused_at_last(UnsupportedFormatError, match="no files"):
        load_image(tmp_path / "evil.tar")


def refused(content: bytes, match: str | None = None, kind=PictologicsError) -> None:
    """Within little memory."""
    tracemalloc.start()
    try:
        with refused_at_last(kind, match=match):
            load_image(content)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 150_000_000


def test_encrypted_zip(slice_bytes):
    content = bytearray(zip_of(("a.dcm", slice_bytes)))
    content[6] |= 1
    content[content.rindex(b"PK\1\2") + 8] |= 1
    refused(bytes(content), "encrypted", UnsupportedFormatError)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_compression_methods(slice_bytes, method):
    refused(zip_of(("a.dcm", slice_bytes), method=method), "method", UnsupportedFormatError)


def test_a_zip_bomb_of_junk():
    """A hundred megabytes of zeros in a hundred kilobytes: nothing of it is kept."""
    packer = zlib.compressobj(9, wbits=-15)
    zeros = bytes(1 << 20)
    packed = b"".join(packer.compress(zeros) for _ in range(100)) + packer.flush()
    checksum = zlib.crc32(bytes(100 << 20))
    refused(made_zip("a.dcm", packed, 100 << 20, checksum=checksum), kind=UnsupportedFormatError)
    refused(made_zip("a.dcm", packed, 100 << 20, checksum=checksum ^ 1), "checksum", kind=CorruptFileError)


def made_zip(name: str, packed: bytes, size: int, copies: int = 1, checksum: int = 0) -> bytes:
    """A zip archive that says what it is told; several entries may share the same bytes."""
    raw = name.encode()
    local = struct.pack("<4s5H3I2H", b"PK\3\4", 20, 0, 8, 0, 0, 0, len(packed), size, len(raw), 0) + raw + packed
    central = b""
    for k in range(copies):
        one = f"{k}{name}".encode() if copies > 1 else raw
        central += struct.pack(
            "<4s6H3I5H2I", b"PK\1\2", 20, 20, 0, 8, 0, 0, checksum, len(packed), size, len(one), 0, 0, 0, 0, 0, 0
        )
        central += one
    end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, copies, copies, len(central), len(local), 0)
    return local + central + end


def test_a_zip_bomb_of_overlapping_entries():
    """Thousands of entries of ten megabytes that are the same few bytes."""
    packer = zlib.compressobj(9, wbits=-15)
    packed = packer.compress(bytes(10 << 20)) + packer.flush()
    refused(made_zip("a.dcm", packed, 10 << 20, copies=7000), "together have", CorruptFileError)


def test_entries_that_say_to_be_larger_than_anything_inflates_to():
    packer = zlib.compressobj(9, wbits=-15)
    packed = packer.compress(bytes(1 << 20)) + packer.flush()
    refused(made_zip("a.dcm", packed, 0xFFFFFFF0, copies=100), kind=CorruptFileError)


@pytest.mark.parametrize("name", ["", "/", "a/", "a//b.dcm", "\x00"])
def test_odd_names(slice_bytes, name):
    packer = zlib.compressobj(9, wbits=-15)
    packed = packer.compress(slice_bytes) + packer.flush()
    survive(made_zip(name, packed, len(slice_bytes)))


def test_an_entry_that_says_to_be_larger_than_it_inflates_to(slice_bytes):
    """A header that promises gigabytes of pixels, in an entry that promises them as well."""
    from pydicom import dcmread

    ds = dcmread(io.BytesIO(slice_bytes))
    ds.Rows = ds.Columns = 30_000
    buffer = io.BytesIO()
    ds.save_as(buffer)
    content = bytearray(buffer.getvalue())
    at = content.index(struct.pack("<HH2sH", 0x7FE0, 0x10, b"OW", 0)) + 8
    content[at : at + 4] = struct.pack("<I", 1_800_000_000)
    packer = zlib.compressobj(9, wbits=-15)
    packed = packer.compress(bytes(content)) + packer.flush()
    refused(made_zip("a.dcm", packed, 1_800_100_000), kind=CorruptFileError)


def test_a_tar_gz_bomb(slice_bytes):
    """Zeros behind a true entry: what is inflated is bounded by what could be meant."""
    zeros = gzip.compress(bytes(1 << 20))
    content = gzip.compress(tar_of(("a.dcm", slice_bytes))) + zeros * 1500
    tracemalloc.start()
    try:
        with ends_at_last(), warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            with contextlib.suppress(PictologicsError):
                load_image(content)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 400_000_000


@pytest.mark.parametrize("kind", [b"x", b"g", b"L", b"K", b"S"])
@pytest.mark.parametrize("size", [2**20, 2**33, 2**40, 2**62])
@pytest.mark.parametrize("packed", [False, True])
def test_a_tar_header_that_promises_much(kind, size, packed):
    info = tarfile.TarInfo("x")
    info.type, info.size = kind, size
    content = info.tobuf(tarfile.GNU_FORMAT) + bytes(1024)
    refused(gzip.compress(content) if packed else content)


def test_a_cut_entry_is_named(tmp_path, series):
    path = MAKERS["tar"](tmp_path / "scan.tar", series)
    content = path.read_bytes()
    # The last file's bytes end the archive.
    with tarfile.open(path) as archive:
        last = max(archive.getmembers(), key=lambda info: info.offset_data)
    refused(content[: last.offset_data + last.size - 30], kind=CorruptFileError)


@pytest.mark.parametrize("hundredths", [3, 20, 50, 80, 97])
@every_maker
def test_cut_archives(tmp_path, series, maker, hundredths):
    content = MAKERS[maker](tmp_path / "scan", series).read_bytes()
    cut_at = len(content) * hundredths // 100
    if "tar" in maker and "gz" not in maker and not content[cut_at:].strip(b"\0"):
        return  # only the zeros at the end are gone
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        refused(content[:cut_at])


def test_a_wrong_checksum_is_seen(tmp_path, series):
    """A changed pixel in a stored entry, in a deflated one, behind gzip."""
    for maker in ("deflated zip", "tar.gz"):
        content = bytearray(MAKERS[maker](tmp_path / "scan", series).read_bytes())
        if maker == "tar.gz":
            content[-6] ^= 1
        else:
            for start in find_all(content, b"PK\1\2"):
                content[start + 16] ^= 1
        refused(bytes(content), kind=CorruptFileError)


def find_all(content: bytes, mark: bytes) -> list[int]:
    found, at = [], content.find(mark)
    while at >= 0:
        found.append(at)
        at = content.find(mark, at + 1)
    return found


@pytest.mark.slow
@given(
    maker=st.sampled_from(sorted(MAKERS)),
    places=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=4),
)
@settings(max_examples=120)
def test_wrong_bytes_are_survived(tmp_path_factory, series, maker, places):
    """It loads, perhaps as something else where nothing checks it, or is refused; nothing else happens."""
    content = bytearray(MAKERS[maker](tmp_path_factory.mktemp("bent") / "scan", series).read_bytes())
    for place, value in places:
        content[int(place * len(content))] = value
    survive(bytes(content))


@given(
    maker=st.sampled_from(["deflated zip", "tar"]),
    at=st.integers(0, 1500),
    value=st.binary(min_size=1, max_size=4),
)
@settings(max_examples=150)
def test_wrong_bytes_in_the_index_are_survived(tmp_path_factory, series, maker, at, value):
    """The central directory is at the end of a zip, a header at the beginning of a tar."""
    content = bytearray(MAKERS[maker](tmp_path_factory.mktemp("bent") / "scan", series).read_bytes())
    place = len(content) - 1 - at % 600 if maker == "deflated zip" else at
    content[place : place + len(value)] = value
    survive(bytes(content))


def survive(content: bytes) -> None:
    tracemalloc.start()
    try:
        with ends_at_last(), warnings.catch_warnings():
            warnings.simplefilter("error")
            warnings.simplefilter("ignore", UserWarning)
            try:
                load_image(content)
            except PictologicsError as error:
                assert isinstance(error, ValueError)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 150_000_000


@given(content=st.binary(max_size=3000), head=st.sampled_from([b"PK\3\4", b"PK\5\6", b"ustar", b"\x1f\x8b\x08\0"]))
def test_garbage_behind_an_archive_mark(content, head):
    start = bytes(257) + head if head == b"ustar" else head
    with refused_at_last(PictologicsError):
        load_image(start + content)
    with refused_at_last(PictologicsError):
        load_image(gzip.compress(start + content))


# --- only what is needed is read ---


def test_one_phase_of_an_archive_inflates_that_phase(tmp_path):
    """The other phases' entries are damaged behind their headers."""
    touches = PATTERNS["echo"].touches
    big = PHANTOM.with_array(np.random.default_rng(0).integers(0, 500, (64, 64, 3)))
    files = write_phases(tmp_path / "phases", touches, phantom=big)
    path = MAKERS["stored zip"](tmp_path / "scan.zip", tmp_path / "phases")
    content = bytearray(path.read_bytes())
    for (t, _), file in files.items():
        if t != 1:
            at = content.index(file.read_bytes())
            content[at + 4000 : at + 4100] = b"\xff" * 100
    path.write_bytes(content)
    assert_shows(load_image(path, dataset_index=1), phase_phantom(1, big))
