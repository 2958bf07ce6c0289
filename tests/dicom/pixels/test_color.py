"""Images in color: refused with the way out, or converted to luminance (ITU-R BT.601)."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.pixels import apply_color_lut
from pydicom.uid import (
    JPEG2000,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLSNearLossless,
)

import pictologics
from pictologics import (
    ContentWarning,
    CorruptFileError,
    OptionError,
    UnsupportedFormatError,
    load_image,
)
from tests.factories.dicom_series import UNCOMPRESSED, slice_dataset, slice_file, write_dataset, write_series
from tests.factories.nifti_files import write_nifti
from tests.factories.phantom import PHANTOM

WEIGHTS = np.array([0.299, 0.587, 0.114])
BIG_ENDIAN = UNCOMPRESSED["big_endian"]
TEST_FILES = Path(get_testdata_file("CT_small.dcm", download=False)).parent


def is_color_file(path: Path) -> bool:
    ds = pydicom.dcmread(path, force=True, specific_tags=["SamplesPerPixel", "PhotometricInterpretation"])
    return ds.get("SamplesPerPixel", 1) != 1 or ds.get("PhotometricInterpretation") == "PALETTE COLOR"


with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    COLOR_FILES = sorted(path.name for path in TEST_FILES.glob("*.dcm") if is_color_file(path))


def loaded(path, **options):
    """An image of a file without position."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return load_image(path, color="luminance", **options)


def rgb_by_pydicom(path) -> np.ndarray:
    """Colors (frames, rows, columns, 3)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ds = pydicom.dcmread(path, force=True)
        pixels = ds.pixel_array
        if ds.PhotometricInterpretation == "PALETTE COLOR":
            pixels = apply_color_lut(pixels, ds)[..., :3]
    return pixels.reshape(-1, ds.Rows, ds.Columns, 3)


# --- what pydicom ships ---


def test_pydicom_ships_files_of_every_kind():
    assert len(COLOR_FILES) >= 30


LOSSY = {JPEGBaseline8Bit, JPEGExtended12Bit, JPEG2000, JPEGLSNearLossless}


@pytest.mark.parametrize("name", COLOR_FILES)
def test_equals_pydicom_and_the_weights(name):
    path = TEST_FILES / name
    frames = rgb_by_pydicom(path)
    image = loaded(path)
    assert image.array.dtype == (np.float64 if "32bit" in name else np.float32)
    assert image.array.shape == (*frames.shape[:0:-1][1:], frames.shape[0])
    got = image.array.astype(np.float64).T
    difference = np.abs(got - frames @ WEIGHTS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = pydicom.dcmread(path, force=True)
        is_ybr = "YBR_FULL" in dataset.PhotometricInterpretation
        is_lossy = dataset.file_meta.get("TransferSyntaxUID") in LOSSY
    if not is_ybr:
        # Two decoders of a lossy codec may round each color to either side.
        assert difference.max() <= (1.0 if is_lossy else frames.max() * 1e-7)
        return
    # Colors that YBR holds and RGB cannot were cut off on the way to RGB; the others were rounded.
    inside = (frames.min(-1) > 0) & (frames.max(-1) < 255)
    assert difference[inside].max(initial=0) < (2.01 if is_lossy else 1.01)
    assert difference.max() < 9


@pytest.mark.parametrize("name", COLOR_FILES)
def test_refused_by_default_with_the_way_out(name):
    with pytest.raises(UnsupportedFormatError, match=r'color="luminance"') as caught:
        load_image(TEST_FILES / name)
    assert name in str(caught.value)


# --- made files ---


def colors(dtype="uint8", shape=(5, 6)) -> np.ndarray:
    """Colors (rows, columns, 3), no two channels alike."""
    rng = np.random.default_rng(3)
    return rng.integers(0, np.iinfo(dtype).max, (*shape, 3), dtype=dtype, endpoint=True)


def color_file(path, pixels, photometric="RGB", *, planar=0, syntax=ExplicitVRLittleEndian, frames=1, change=None):
    """Write pixels (rows, columns, 3), or (frames, rows, columns, 3)."""
    ds = slice_dataset(0, slope=None, signed=False, positions=False)
    ds.SamplesPerPixel = 3
    ds.PhotometricInterpretation = photometric
    ds.PlanarConfiguration = planar
    ds.Rows, ds.Columns = pixels.shape[-3:-1]
    ds.BitsAllocated = ds.BitsStored = pixels.dtype.itemsize * 8
    ds.HighBit = ds.BitsStored - 1
    if frames > 1:
        ds.NumberOfFrames = frames
    stored = np.moveaxis(pixels, -1, -3) if planar else pixels
    data = stored.astype(pixels.dtype.newbyteorder("<")).tobytes()
    ds.PixelData = data + b"\0" * (len(data) % 2)
    if change is not None:
        change(ds)
    return write_dataset(path, ds, syntax=syntax)


@pytest.mark.parametrize("syntax", UNCOMPRESSED.values(), ids=UNCOMPRESSED)
@pytest.mark.parametrize("planar", [0, 1])
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_rgb(tmp_path, syntax, planar, dtype):
    pixels = colors(dtype)
    image = loaded(color_file(tmp_path / "rgb.dcm", pixels, planar=planar, syntax=syntax))
    assert image.array.dtype == np.float32
    np.testing.assert_allclose(image.array[:, :, 0].T, pixels @ WEIGHTS, rtol=1e-7)
    assert any("BT.601" in one.text for one in image.provenance.decisions)


def test_gray_stays_gray(tmp_path):
    pixels = np.repeat(np.arange(256, dtype=np.uint8).reshape(16, 16, 1), 3, axis=2)
    image = loaded(color_file(tmp_path / "gray.dcm", pixels))
    np.testing.assert_allclose(image.array[:, :, 0].T, pixels[:, :, 0], rtol=1e-7)


@pytest.mark.parametrize("planar", [0, 1])
def test_frames_of_a_cine(tmp_path, planar):
    pixels = np.stack([colors() + np.uint8(k) for k in range(4)])
    image = loaded(color_file(tmp_path / "cine.dcm", pixels, planar=planar, frames=4))
    np.testing.assert_allclose(image.array.T, pixels @ WEIGHTS, rtol=1e-7)


@pytest.mark.parametrize("planar", [0, 1])
def test_the_first_number_of_ybr_is_the_luminance(tmp_path, planar):
    pixels = colors()
    image = loaded(color_file(tmp_path / "ybr.dcm", pixels, "YBR_FULL", planar=planar))
    np.testing.assert_array_equal(image.array[:, :, 0].T, pixels[:, :, 0])


def test_ybr_of_which_every_other_pixel_has_only_a_luminance(tmp_path):
    pixels = colors()
    pairs = np.concatenate([pixels[..., 0].reshape(-1, 2), pixels[:, ::2, 1:].reshape(-1, 2)], axis=1)

    def change(ds):
        ds.PixelData = pairs.tobytes()

    image = loaded(color_file(tmp_path / "ybr.dcm", pixels, "YBR_FULL_422", change=change))
    np.testing.assert_array_equal(image.array[:, :, 0].T, pixels[:, :, 0])
    # A file that holds all colors contradicts itself.
    with pytest.raises(CorruptFileError, match="YBR_FULL_422"):
        loaded(color_file(tmp_path / "full.dcm", pixels, "YBR_FULL_422"))


def test_pixels_in_pairs_have_an_even_number_of_columns(tmp_path):
    """Four rows of three pixels make six pairs, which the rows would have to share."""

    def change(ds):
        ds.PixelData = bytes(24)

    path = color_file(tmp_path / "odd.dcm", colors(shape=(4, 3)), "YBR_FULL_422", change=change)
    with pytest.raises(CorruptFileError, match="4x3 pixels do not lie in pairs"):
        loaded(path)


@pytest.mark.parametrize("frames", [1, 3])
@pytest.mark.parametrize("photometric", ["RGB", "YBR_FULL"])
def test_odd_numbers_of_bytes_in_big_endian_words(tmp_path, frames, photometric):
    """Written as OW, 8-bit numbers come in pairs, swapped; the frames are of 45 bytes."""
    pixels = np.stack([colors(shape=(3, 5)) ^ np.uint8(k) for k in range(frames)])

    def change(ds):
        ds.PixelData = np.frombuffer(ds.PixelData, "<u2").byteswap().tobytes()

    path = tmp_path / "ow.dcm"
    syntax = ExplicitVRBigEndian
    color_file(path, pixels, photometric, syntax=syntax, frames=frames, change=change)
    content = path.read_bytes()
    at = content.index(b"\x7f\xe0\x00\x10OB")
    path.write_bytes(content[: at + 4] + b"OW" + content[at + 6 :])
    expected = pixels @ WEIGHTS if photometric == "RGB" else pixels[..., 0]
    np.testing.assert_allclose(loaded(path).array.T, expected, rtol=1e-7)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_float_dtype_is_honored_and_an_integer_one_refused(tmp_path, dtype):
    pixels = colors()
    path = color_file(tmp_path / "rgb.dcm", pixels)
    image = loaded(path, dtype=dtype)
    assert image.array.dtype == dtype
    np.testing.assert_allclose(image.array[:, :, 0].T, pixels @ WEIGHTS, rtol=1e-15 if dtype == "float64" else 1e-7)
    with pytest.raises(OptionError, match="uint8"):
        loaded(path, dtype="uint8")


# --- palettes ---


def palette_file(path, indices, entries, first=0, *, bits=16, signed=False, syntax=ExplicitVRLittleEndian, damage=None):
    """Write indices (x, y) into entries (count, 3)."""
    ds = slice_dataset(0, PHANTOM.with_array(indices[:, :, np.newaxis]), slope=None, signed=signed, positions=False)
    ds.PhotometricInterpretation = "PALETTE COLOR"
    order = ">" if syntax == ExplicitVRBigEndian else "<"
    for channel, (color, k) in enumerate((("Red", 0), ("Green", 1), ("Blue", 2))):
        tag = 0x00281101 + channel
        ds.add_new(tag, "SS" if first < 0 else "US", [len(entries) % 65536, first, bits])
        data = entries[:, k].astype(f"{order}u{bits // 8}").tobytes()
        if bits == 8 and order == ">":
            data = np.frombuffer(data, "<u2").byteswap().tobytes()
        setattr(ds, f"{color}PaletteColorLookupTableData", data)
    if damage is not None:
        damage(ds)
    return write_dataset(path, ds, syntax=syntax)


@pytest.mark.parametrize("syntax", UNCOMPRESSED.values(), ids=UNCOMPRESSED)
@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize(("signed", "first", "shift"), [(False, 0, 0), (False, 30, 0), (True, -40, -60)])
def test_a_palette(tmp_path, syntax, bits, signed, first, shift):
    entries = np.random.default_rng(5).integers(0, 1 << bits, (100, 3))
    indices = PHANTOM.array[:, :, 3].astype(int) + shift
    path = palette_file(tmp_path / "p.dcm", indices, entries, first, bits=bits, signed=signed, syntax=syntax)
    image = loaded(path)
    assert image.array.dtype == np.float32
    expected = (entries @ WEIGHTS)[np.clip(indices - first, 0, 99)]
    np.testing.assert_allclose(image.array[:, :, 0], expected, rtol=1e-7)


def test_8_bit_colors_for_more_than_256_numbers(tmp_path):
    entries = np.random.default_rng(5).integers(0, 256, (1000, 3))
    indices = PHANTOM.array[:, :, 3].astype(int) * 5
    image = loaded(palette_file(tmp_path / "p.dcm", indices, entries, bits=8))
    np.testing.assert_allclose(image.array[:, :, 0], (entries @ WEIGHTS)[np.minimum(indices, 999)], rtol=1e-7)


def test_a_palette_of_segments_equals_pydicom(tmp_path):
    """Segments of single values (0, how many, each) and of straight lines (1, how long, up to); PS3.3 C.7.9.2."""
    segments = {
        "Red": [0, 2, 100, 200, 1, 97, 60000, 0, 1, 5],
        "Green": [0, 1, 0, 1, 99, 65535],
        "Blue": [0, 1, 7, 1, 49, 500, 1, 50, 0],
    }

    def damage(ds):
        for color, values in segments.items():
            delattr(ds, f"{color}PaletteColorLookupTableData")
            setattr(ds, f"Segmented{color}PaletteColorLookupTableData", np.array(values, "<u2").tobytes())

    entries = np.zeros((100, 3), int)
    indices = PHANTOM.array[:, :, 0].astype(int) * 3
    path = palette_file(tmp_path / "p.dcm", indices, entries, damage=damage)
    expected = rgb_by_pydicom(path)[0] @ WEIGHTS
    assert len(np.unique(expected)) > 20
    np.testing.assert_allclose(loaded(path).array[:, :, 0].T, expected, rtol=1e-7)


@pytest.mark.parametrize("count", [255, 256, 257, 300])
def test_a_palette_of_segments_of_8_bits_counts_to_256(tmp_path, count):
    """Single values, as many as a byte can count, and then the rest."""
    entries = np.random.default_rng(5).integers(0, 256, (count, 3))

    def damage(ds):
        for color, values in zip(("Red", "Green", "Blue"), entries.T.tolist(), strict=True):
            delattr(ds, f"{color}PaletteColorLookupTableData")
            parts = [values[:200], values[200:]]
            segments = b"".join(bytes([0, len(part), *part]) for part in parts)
            setattr(ds, f"Segmented{color}PaletteColorLookupTableData", segments + b"\0" * (len(segments) % 2))

    indices = PHANTOM.array[:, :, 0].astype(int) * 3
    path = palette_file(tmp_path / "p.dcm", indices, entries, bits=8, damage=damage)
    if count > 256:
        with pytest.raises(CorruptFileError, match="more colors than its entries can count"):
            loaded(path)
    else:
        expected = (entries @ WEIGHTS)[np.minimum(indices, count - 1)]
        np.testing.assert_allclose(loaded(path).array[:, :, 0], expected, rtol=1e-7)


def test_a_palette_that_contradicts_itself_or_is_missing(tmp_path):
    indices, entries = PHANTOM.array[:, :, 0].astype(int), np.zeros((100, 3), int)

    def cut(ds):
        ds.GreenPaletteColorLookupTableData = b"\0" * 50

    def differ_in_green(ds):
        ds.add_new(0x00281102, "US", [50, 0, 16])

    def differ_in_blue(ds):
        ds.add_new(0x00281103, "US", [50, 0, 16])

    def lose(ds):
        for color in ("Red", "Green", "Blue"):
            delattr(ds, f"{color}PaletteColorLookupTableData")

    for damage in (cut, differ_in_green, differ_in_blue):
        with pytest.raises(CorruptFileError, match="palette"):
            loaded(palette_file(tmp_path / "p.dcm", indices, entries, damage=damage))
    with pytest.raises(UnsupportedFormatError, match="palette"):
        loaded(palette_file(tmp_path / "p.dcm", indices, entries, damage=lose))


# --- refusals and neighbors ---


@pytest.mark.parametrize("photometric", ["YBR_PARTIAL_420", "CMYK", "HSV", "MONOCHROME2", ""])
def test_other_kinds_of_color_are_refused(tmp_path, photometric):
    path = color_file(tmp_path / "odd.dcm", colors(), photometric)
    with pytest.raises(UnsupportedFormatError, match="color"):
        loaded(path)


def test_colors_of_jpeg_2000_in_a_file_that_is_not_compressed(tmp_path):
    with pytest.raises(CorruptFileError, match="YBR_RCT"):
        loaded(color_file(tmp_path / "odd.dcm", colors(), "YBR_RCT"))


@pytest.mark.parametrize("planar", [0, 1])
def test_fewer_colors_than_promised(tmp_path, planar):
    def change(ds):
        ds.PixelData = ds.PixelData[:-2]

    with pytest.raises(CorruptFileError, match=r"cut\.dcm"):
        loaded(color_file(tmp_path / "cut.dcm", colors(), planar=planar, change=change))


def test_a_damaged_compressed_file_is_refused(tmp_path):
    content = (TEST_FILES / "SC_rgb_rle.dcm").read_bytes()
    path = tmp_path / "cut.dcm"
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises((CorruptFileError, UnsupportedFormatError), match=r"cut\.dcm"):
        loaded(path)


def test_a_picture_in_color_leaves_the_series_around_it_alone(tmp_path):
    write_series(tmp_path / "ct")

    def change(ds):
        ds.SeriesInstanceUID = slice_dataset(0).SeriesInstanceUID

    color_file(tmp_path / "ct" / "capture.dcm", colors(), change=change)
    with pytest.warns(ContentWarning, match="left out 1 of 6"):
        image = load_image(tmp_path / "ct")
    np.testing.assert_array_equal(image.array, PHANTOM.array)


def test_gray_images_are_not_changed(tmp_path):
    write_series(tmp_path / "ct", intercept=-1024.0)
    image = load_image(tmp_path / "ct", color="luminance")
    np.testing.assert_array_equal(image.array, PHANTOM.array - 1024.0)
    assert image.provenance.decisions == load_image(tmp_path / "ct").provenance.decisions


def test_colors_have_no_padding(tmp_path):
    path = color_file(tmp_path / "rgb.dcm", colors(), change=lambda ds: ds.add_new(0x00280120, "US", 0))
    assert loaded(path, source_mask_from="padding").source_mask is None


@pytest.mark.parametrize("value", ["gray", "rgb", None, 1, True])
def test_other_values_of_the_keyword_are_refused(tmp_path, value):
    with pytest.raises(OptionError, match=r'color .* must be "error" or "luminance"'):
        load_image(slice_file(tmp_path / "one.dcm"), color=value)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_the_former_spelling_of_the_keyword(tmp_path):
    path = color_file(tmp_path / "rgb.dcm", colors())
    gray = load_image(path, color="luminance").array
    for keywords in ({"colour": "luminance"}, {"colour": "luminance", "color": "luminance"}):
        np.testing.assert_array_equal(load_image(path, **keywords).array, gray)
    with pytest.raises(OptionError, match=r"colour is 'luminance' and color is 'error'.*pass color only"):
        load_image(path, color="error", colour="luminance")
    with pytest.raises(OptionError, match="color is 'gray'"):
        load_image(path, colour="gray")


def test_it_means_nothing_for_nifti(tmp_path):
    with pytest.warns(ContentWarning, match="color"):
        load_image(write_nifti(tmp_path / "scan.nii", PHANTOM), color="luminance")


def test_explain_names_the_keyword(tmp_path):
    path = color_file(tmp_path / "rgb.dcm", colors())
    (volume,) = pictologics.explain(path).volumes
    assert ("color", "luminance") in volume.options
    assert volume.loads
    assert not volume.is_default
