"""The commands of the program."""

from __future__ import annotations

import sys
import warnings
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from .._version import __version__
from ..errors import PictologicsError
from ..loader import load_image
from ..saving import save_image
from .demo import run_demo
from .info import print_info
from .merge import InterpolationChoice, merge
from .overlay import OverlayOptions, check_overlay, draw_overlay
from .process import process
from .segments import segments

__all__ = ["app", "main"]

app = typer.Typer(
    help="Load any medical image into one volume that stands right in the world.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

SOURCE_HELP = "A file, or a folder, DICOMDIR, .zip or .tar.gz of DICOM files."

Recursive = Annotated[bool, typer.Option("--recursive", "-r", help="Look into the folders below, too.")]
SeriesUid = Annotated[str | None, typer.Option(help="The series to load from a folder that holds several.")]
OutsideFiles = Annotated[
    bool, typer.Option("--outside-files", help="Follow a header to files outside its folder (NRRD, MetaImage).")
]
DatasetIndex = Annotated[int, typer.Option(min=0, help="The volume to load from a file that holds several.")]


class SuvChoice(StrEnum):
    """What standardized uptake values are relative to."""

    BODY_WEIGHT = "bw"
    LEAN_BODY_MASS = "lbm"
    BODY_SURFACE_AREA = "bsa"


class IrregularChoice(StrEnum):
    """What to do with slices that form no regular grid."""

    ERROR = "error"
    IGNORE = "ignore"
    RESAMPLE = "resample"


def print_version(wanted: bool) -> None:
    """Print the version and end."""
    if wanted:
        print(f"pictologics {__version__}")
        raise typer.Exit


@app.callback()
def common(
    version: Annotated[
        bool, typer.Option("--version", callback=print_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Options of the program itself."""


@app.command()
def info(
    path: Annotated[Path, typer.Argument(help=SOURCE_HELP)],
    recursive: Recursive = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
    outside_files: OutsideFiles = False,
) -> None:
    """Say what is there: every series of a folder, or the geometry and values of a file."""
    print_info(path, recursive, as_json, outside_files)


@app.command()
def convert(
    source: Annotated[Path, typer.Argument(help=SOURCE_HELP)],
    target: Annotated[Path, typer.Argument(help="The file to write: .nii or .nii.gz.")],
    recursive: Recursive = False,
    series_uid: SeriesUid = None,
    dataset_index: DatasetIndex = 0,
    irregular: Annotated[
        IrregularChoice, typer.Option(help="What to do with slices that form no regular grid.")
    ] = IrregularChoice.ERROR,
    dtype: Annotated[str | None, typer.Option(help="Type of the voxels, such as int16.")] = None,
    stored_values: Annotated[bool, typer.Option("--stored-values", help="Do not rescale.")] = False,
    fill_value: Annotated[float, typer.Option(help="Value of voxels without data, of a resampled stack.")] = 0.0,
    luminance: Annotated[bool, typer.Option("--luminance", help="Convert colors to gray.")] = False,
    suv: Annotated[SuvChoice | None, typer.Option(help="Give PET as standardized uptake values.")] = None,
    reference: Annotated[Path | None, typer.Option(help="The image on whose voxels the result is put.")] = None,
    interpolation: Annotated[
        InterpolationChoice | None, typer.Option(help="Resample if its lattice does not meet the reference's.")
    ] = None,
    outside_files: OutsideFiles = False,
) -> None:
    """Load an image and write it to another format."""
    image = load_image(
        source,
        dataset_index,
        recursive,
        None if reference is None else load_image(reference, recursive=recursive),
        fill_value=fill_value,
        apply_rescale=not stored_values,
        series_uid=series_uid,
        irregular=irregular.value,
        dtype=dtype,
        color="luminance" if luminance else "error",
        suv=None if suv is None else suv.value,
        interpolation=None if interpolation is None else interpolation.value,
        allow_outside_files=outside_files,
    )
    save_image(image, target)
    print(f"{target}: {image}")


app.command()(merge)
app.command()(process)
app.command()(segments)


@app.command()
def overlay(
    image: Annotated[Path, typer.Argument(help=SOURCE_HELP)],
    mask: Annotated[Path, typer.Argument(help="A mask or label map of it.")],
    target: Annotated[Path, typer.Argument(help="The picture to write: .png, .pdf or .svg.")],
    axis: Annotated[int, typer.Option(help="The array axis across which the slices lie: 0, 1 or 2.")] = 2,
    slice_index: Annotated[
        int | None, typer.Option("--slice", help="The slice; the one that holds most of the mask by default.")
    ] = None,
    slices: Annotated[int | None, typer.Option(help="Draw so many slices, spread over the mask.")] = None,
    planes: Annotated[bool, typer.Option("--planes", help="Draw the axial, coronal and sagittal plane.")] = False,
    window: Annotated[
        str, typer.Option(help='"lung", "bone", "brain", "soft tissue", or center and width, such as 40,400.')
    ] = "",
    alpha: Annotated[float, typer.Option(help="How much a label's color covers, from 0 to 1.")] = 0.25,
    contours: Annotated[bool, typer.Option("--contours", help="Draw lines only.")] = False,
    nearest: Annotated[
        bool, typer.Option("--nearest", help="Take the nearest voxel where mask and image have different lattices.")
    ] = False,
    recursive: Recursive = False,
    series_uid: SeriesUid = None,
    dataset_index: DatasetIndex = 0,
) -> None:
    """Draw a mask over its image."""
    options = OverlayOptions(axis, slice_index, slices, window, alpha, contours, planes, nearest)
    check_overlay(target, options)
    draw_overlay(load_image(image, dataset_index, recursive, series_uid=series_uid), mask, target, options)
    print(target)


@app.command()
def demo(
    folder: Annotated[Path, typer.Option(help="Where to write.")] = Path("pictologics-demo"),
    slices: Annotated[int, typer.Option(min=2, max=2000, help="Slices of the made-up scan.")] = 300,
) -> None:
    """Write a made-up CT series, load it, and save it and its organs as NIfTI and as pictures."""
    run_demo(folder, slices)


def main() -> None:
    """Run the program; errors of ours end it with one sentence instead of a traceback."""
    console = Console(stderr=True, soft_wrap=True)

    def show_warning(message: Warning | str, *_: object) -> None:
        console.print("Warning:", style="yellow", end=" ")
        console.print(str(message), markup=False, highlight=False)

    warnings.showwarning = show_warning  # type: ignore[assignment]
    try:
        app()
    except PictologicsError as error:
        console.print("Error:", style="bold red", end=" ")
        console.print(str(error), markup=False, highlight=False)
        sys.exit(1)
