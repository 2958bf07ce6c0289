"""The program: its commands and their options.

Nothing heavy is imported here; what the commands do is in ``commands``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .._version import __version__
from . import commands
from .messages import CommandGroup
from .options import (
    CohortFolder,
    DatasetIndex,
    GeometryChoice,
    GeometryOption,
    InterpolationChoice,
    IrregularChoice,
    LayoutChoice,
    MaskFilesChoice,
    Nearest,
    OutsideFiles,
    PrintJson,
    Recursive,
    RuleChoice,
    SeriesUid,
    SourcePath,
    StoredChoice,
    SuvChoice,
)

__all__ = ["app", "main"]

app = typer.Typer(
    help="Load any medical image as one volume at its true place in the patient.",
    cls=CommandGroup,
    context_settings={"help_option_names": ["--help", "-h"]},
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def print_version(wanted: bool) -> None:
    """Print the version and end."""
    if wanted:
        print(f"pictologics {__version__}")
        raise typer.Exit


@app.callback()
def common(
    version: Annotated[
        bool, typer.Option("--version", "-V", callback=print_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Options of the program itself."""


@app.command()
def info(
    path: SourcePath, recursive: Recursive = False, as_json: PrintJson = False, outside_files: OutsideFiles = False
) -> None:
    """List what a path holds: every series of a folder, or the geometry and values of a file."""
    commands.print_info(path, recursive, as_json, outside_files)


@app.command("explain")
def explain_command(
    path: SourcePath,
    recursive: Recursive = False,
    studies: Annotated[
        bool,
        typer.Option("--studies", help="Also tell date and description of each study, and pseudonyms of patients."),
    ] = False,
    as_json: PrintJson = False,
    table_file: Annotated[
        Path | None, typer.Option("--csv", help="Write a table of all that is known, in place of printing it.")
    ] = None,
    outside_files: OutsideFiles = False,
) -> None:
    """List what info lists from headers alone, on request with studies, or as a CSV table."""
    commands.explain_path(path, recursive, as_json, table_file, studies, outside_files)


@app.command()
def convert(
    source: SourcePath,
    target: Annotated[
        str,
        typer.Argument(
            help="What to write: .nii, .nii.gz, .nrrd, .nhdr, .seg.nrrd, .mha, .mhd or .ome.zarr; a folder for --like."
        ),
    ],
    recursive: Recursive = False,
    series_uid: SeriesUid = None,
    dataset_index: DatasetIndex = None,
    irregular: Annotated[
        IrregularChoice, typer.Option(help="What to do with slices that do not form a regular grid.")
    ] = IrregularChoice.ERROR,
    dtype: Annotated[str | None, typer.Option(help="Type of the voxels, such as int16.")] = None,
    stored_values: Annotated[
        bool, typer.Option("--stored-values", help="Keep the stored values, without slope and intercept.")
    ] = False,
    fill_value: Annotated[
        float, typer.Option(help="Value of voxels without data, in a resampled stack or outside the image.")
    ] = 0.0,
    luminance: Annotated[bool, typer.Option("--luminance", help="Convert colors to gray.")] = False,
    suv: Annotated[SuvChoice | None, typer.Option(help="Give PET as standardized uptake values.")] = None,
    reference: Annotated[
        str | None, typer.Option(metavar="PATH", help="Place the result on the voxels of this image.")
    ] = None,
    interpolation: Annotated[
        InterpolationChoice | None, typer.Option(help="Resample if the lattice does not meet the reference's.")
    ] = None,
    like: Annotated[
        str | None,
        typer.Option(metavar="SERIES", help="Write a derived DICOM series of this series to the folder TARGET."),
    ] = None,
    outside_files: OutsideFiles = False,
    all_volumes: Annotated[
        bool,
        typer.Option(
            "--all-volumes",
            help="Write all volumes of a series or 4D file into one NIfTI or NRRD file, with their times.",
        ),
    ] = False,
) -> None:
    """Load an image and write it in another format."""
    keywords = {
        "fill_value": fill_value,
        "apply_rescale": not stored_values,
        "series_uid": series_uid,
        "irregular": irregular.value,
        "dtype": dtype,
        "color": "luminance" if luminance else "error",
        "suv": None if suv is None else suv.value,
        "allow_outside_files": outside_files,
    }
    if all_volumes:
        commands.refuse_beside_all_volumes(dataset_index, reference, interpolation, like)
        commands.convert_series(source, target, recursive, **keywords)
        return
    commands.convert_image(
        source,
        target,
        reference,
        like,
        recursive,
        dataset_index=commands.read_dataset_index(dataset_index),
        interpolation=None if interpolation is None else interpolation.value,
        **keywords,
    )


@app.command()
def merge(
    sources: Annotated[list[str], typer.Argument(help="What to merge: files or DICOM folders.")],
    target: Annotated[
        str, typer.Option("--output", "-o", metavar="PATH", help="The file to write; formats as for convert.")
    ],
    reference: Annotated[
        str | None,
        typer.Option(
            metavar="PATH",
            help="Place every file on the voxels of this image; without it, all must share the same voxels.",
        ),
    ] = None,
    rule: Annotated[
        RuleChoice, typer.Option(help="Which value to keep where several files have one.")
    ] = RuleChoice.MAX,
    relabel: Annotated[bool, typer.Option("--relabel", help="Label the masks 1, 2, 3 in the order given.")] = False,
    binarize: Annotated[
        str | None, typer.Option(help="Write a mask of these values: all, one (3), several (1,4,7) or a range (2-5).")
    ] = None,
    interpolation: Annotated[
        InterpolationChoice | None, typer.Option(help="Resample files whose lattice does not meet the reference's.")
    ] = None,
    dtype: Annotated[str | None, typer.Option(help="Type of the voxels, such as uint8.")] = None,
    recursive: Recursive = False,
) -> None:
    """Merge several masks, or parts of a scan, into one file."""
    commands.merge_masks(
        sources,
        target,
        reference,
        recursive,
        binarize,
        conflict_resolution=rule.value,
        relabel_masks=relabel,
        dtype=dtype,
        interpolation=None if interpolation is None else interpolation.value,
    )


@app.command()
def process(
    source: Annotated[str, typer.Argument(metavar="IMAGE", help="The image: a file, or a folder of DICOM files.")],
    pipeline: Annotated[Path, typer.Option("--pipeline", "-p", help="The steps: a .yaml or .json file.")],
    target: Annotated[Path, typer.Option("--out", "-o", help="The image to write: .nii or .nii.gz.")],
    mask: Annotated[
        list[str] | None,
        typer.Option("--mask", "-m", metavar="PATH", help="A mask of the image; repeat the option for several."),
    ] = None,
    recursive: Recursive = False,
    series_uid: SeriesUid = None,
    dataset_index: DatasetIndex = None,
) -> None:
    """Apply the steps of a pipeline to an image and its masks.

    Each mask is written next to the image, with its name added, and a record of what was done as .json.
    """
    commands.run_pipeline(
        source,
        pipeline,
        target,
        mask or [],
        dataset_index=commands.read_dataset_index(dataset_index),
        recursive=recursive,
        series_uid=series_uid,
    )


@app.command()
def segments(
    path: Annotated[str, typer.Argument(help="A DICOM SEG, RTSTRUCT or .seg.nrrd file. A path or a URL.")],
    as_json: PrintJson = False,
) -> None:
    """List the segments of a segmentation file, without reading its voxels."""
    commands.print_segments(path, as_json)


@app.command("measure")
def measure_labels(
    image: SourcePath,
    mask: Annotated[str, typer.Argument(help="A mask or label map of the image, a SEG or an RTSTRUCT.")],
    table_file: Annotated[
        Path | None, typer.Option("--csv", help="Write a table of all that is known, in place of printing it.")
    ] = None,
    as_json: PrintJson = False,
    suv: Annotated[SuvChoice | None, typer.Option(help="Measure PET in standardized uptake values.")] = None,
    geometry: GeometryOption = GeometryChoice.FILE,
    nearest: Nearest = False,
    recursive: Recursive = False,
    series_uid: SeriesUid = None,
    dataset_index: DatasetIndex = None,
) -> None:
    """Measure the labels of a mask: volume, mean, extremes, percentiles, place; of PET the peak too."""
    commands.print_measurements(
        image,
        mask,
        geometry,
        as_json,
        table_file,
        dataset_index=commands.read_dataset_index(dataset_index),
        recursive=recursive,
        series_uid=series_uid,
        suv=None if suv is None else suv.value,
    )


@app.command()
def overlay(
    image: SourcePath,
    mask: Annotated[str, typer.Argument(help="A mask or label map of the image.")],
    target: Annotated[Path, typer.Argument(help="The picture to write: .png, .pdf or .svg.")],
    axis: Annotated[int, typer.Option(help="Slice along this axis of the array: 0, 1 or 2.")] = 2,
    slice_index: Annotated[
        int | None, typer.Option("--slice", help="Index of the slice; by default the one that holds most of the mask.")
    ] = None,
    slices: Annotated[int | None, typer.Option(help="Draw this many slices, spread over the mask.")] = None,
    planes: Annotated[bool, typer.Option("--planes", help="Draw the axial, coronal and sagittal plane.")] = False,
    window: Annotated[
        str, typer.Option(help='lung, bone, brain, "soft tissue", or center and width, such as 40,400.')
    ] = "",
    alpha: Annotated[float, typer.Option(help="Opacity of the labels, from 0 to 1.")] = 0.25,
    contours: Annotated[bool, typer.Option("--contours", help="Draw outlines only.")] = False,
    geometry: GeometryOption = GeometryChoice.FILE,
    nearest: Nearest = False,
    recursive: Recursive = False,
    series_uid: SeriesUid = None,
    dataset_index: DatasetIndex = None,
) -> None:
    """Draw a mask over its image."""
    options = commands.OverlayOptions(axis, slice_index, slices, window, alpha, contours, planes, geometry)
    commands.draw_overlay(
        image,
        mask,
        target,
        options,
        dataset_index=commands.read_dataset_index(dataset_index),
        recursive=recursive,
        series_uid=series_uid,
    )


@app.command("index")
def index_command(
    root: Annotated[
        str, typer.Argument(help="The folder, or its URL. Folders below it and archives are searched too.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="The folder of the cohort: a new one, or one of this root.")],
    identifiers: Annotated[
        bool, typer.Option("--identifiers", help="Keep patient IDs, UIDs and dates, in place of pseudonyms.")
    ] = False,
    text: Annotated[
        bool, typer.Option("--text", help="Keep free text such as descriptions, which may name a patient.")
    ] = False,
    key: Annotated[
        Path | None, typer.Option(help="The file with the key of the pseudonyms.", show_default="your own")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="How many processes read.", show_default="all cores")
    ] = None,
) -> None:
    """List all studies below a folder as tables: what there is, what loads and how, and what belongs together.

    Only headers are read. A second run reads what is new or changed; one that was interrupted goes on where it stopped.
    """
    commands.index_tree(root, out, identifiers, text, key, workers)


@app.command()
def query(
    cohort: CohortFolder,
    condition: Annotated[
        str,
        typer.Argument(help="SQL over the columns, such as \"modality = 'CT' and spacing_z < 1.5\"; all by default."),
    ] = "true",
    table: Annotated[str, typer.Option(help="patients, studies, series, phases, files, links or problems.")] = "series",
    as_json: PrintJson = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV instead of a table.")] = False,
) -> None:
    """List the series of a cohort, or the rows of another of its tables, for which a condition holds."""
    commands.print_query(cohort, condition, table, as_json, as_csv)


@app.command("check")
def check_cohort(
    cohort: CohortFolder,
    pixels: Annotated[bool, typer.Option("--pixels", help="Also load every volume and mask.")] = False,
    workers: Annotated[
        int | None, typer.Option(min=1, help="How many processes; by default one for each core.")
    ] = None,
    as_json: PrintJson = False,
) -> None:
    """Judge every series of a cohort: does it load, is it regular and complete, does a mask meet its image?

    Ends with status 0 if all is fine, and with 1 if anything is wrong.
    """
    if not commands.print_check(cohort, pixels, workers, as_json):
        raise typer.Exit(1)


@app.command("run")
def run_command(
    cohort: Annotated[Path, typer.Argument(help="The folder that index wrote.")],
    out: Annotated[str, typer.Argument(help="The folder to write to, or a URL.")],
    where: Annotated[
        str | None,
        typer.Option(
            metavar="SQL", help="Which series, such as \"modality = 'CT' AND size_z > 10\".", show_default="all images"
        ),
    ] = None,
    image: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=SQL", help="An image of each case; repeat it for several, the first is the reference."
        ),
    ] = None,
    masks: Annotated[
        str | None,
        typer.Option(metavar="SQL", help="Which of the masks that belong to the images.", show_default="all"),
    ] = None,
    no_masks: Annotated[bool, typer.Option("--no-masks", help="Leave masks out.")] = False,
    all_phases: Annotated[
        bool, typer.Option("--all-phases", help="Make a case of each volume of a series, not only of the first.")
    ] = False,
    pipeline: Annotated[
        Path | None, typer.Option("--pipeline", "-p", help="Steps to apply to each case: a .yaml or .json file.")
    ] = None,
    layout: Annotated[LayoutChoice, typer.Option(help="How the files are arranged.")] = LayoutChoice.FLAT,
    option: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="An option of the layout, such as dataset_id=7; repeatable."),
    ] = None,
    suffix: Annotated[str, typer.Option("--format", help="What the files end with, such as .nrrd.")] = ".nii.gz",
    mask_files: Annotated[
        MaskFilesChoice, typer.Option(help="Make one label map of the masks of a case, or keep one for each file.")
    ] = MaskFilesChoice.MERGED,
    segments: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A segment to load of the masks, such as 'GTV*'; repeatable, the only ones."),
    ] = None,
    without: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="A segment to leave out, such as body; repeatable.")
    ] = None,
    suv: Annotated[SuvChoice | None, typer.Option(help="Give PET as standardized uptake values.")] = None,
    interpolation: Annotated[
        InterpolationChoice, typer.Option(help="How images are placed on the voxels of the first.")
    ] = InterpolationChoice.LINEAR,
    fill_value: Annotated[
        float | None,
        typer.Option(help="What voxels without data hold.", show_default="-1024 in CT, 0 elsewhere"),
    ] = None,
    dtype: Annotated[
        StoredChoice, typer.Option(help="Store whole numbers in the smallest type of integers, or in their own type.")
    ] = StoredChoice.SMALLEST,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the plan, and do nothing.")] = False,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Begin cases again that failed before.")] = False,
    workers: Annotated[
        int | None, typer.Option(min=1, help="How many processes work.", show_default="by cores and memory")
    ] = None,
    scheduler: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Work on the cluster of this Dask scheduler: tcp://HOST:PORT.")
    ] = None,
    time_limit: Annotated[
        float | None, typer.Option(help="Seconds that an attempt at a case may take.", show_default="no limit")
    ] = None,
) -> None:
    """Load, process and write the cases of a cohort, with a row in a manifest for each.

    Run again, it does only what is missing or has changed. Ctrl-C ends it at any time.

    The exit status is 1 if a case has no result.
    """
    commands.run_cohort(
        str(cohort),
        out,
        commands.ChosenCases(where, image or [], masks, no_masks, all_phases),
        pipeline,
        layout.value,
        option or [],
        format=suffix,
        masks=mask_files.value,
        segments=segments or None,
        without=without or None,
        suv=None if suv is None else suv.value,
        interpolation=interpolation.value,
        fill_value=fill_value,
        dtype=dtype.value,
        dry_run=dry_run,
        retry_failed=retry_failed,
        workers=workers,
        scheduler=scheduler,
        time_limit=time_limit,
    )


@app.command("report")
def report_run(
    out: Annotated[str, typer.Argument(metavar="OUT", help="The folder, or its URL, that cases were run into.")],
    page: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The page to write, an .html file.", show_default="OUT/report.html"),
    ] = None,
) -> None:
    """Make one page about a run: every case with pictures, geometry, warnings and errors.

    The page is a single file that needs no network. It may be made while the run is at work.
    """
    commands.make_report(out, page)


@app.command()
def demo(
    folder: Annotated[Path, typer.Option(help="The folder to write to.")] = Path("pictologics-demo"),
    slices: Annotated[int, typer.Option(min=2, max=2000, help="Number of slices of the made-up scan.")] = 300,
    cohort: Annotated[
        bool, typer.Option("--cohort", help="Show instead what is done with the export of a whole made-up hospital.")
    ] = False,
) -> None:
    """Write a made-up CT series, load it, and save it and its organs as NIfTI files and pictures."""
    if cohort:
        commands.run_cohort_demo(folder)
    else:
        commands.run_demo(folder, slices)


def main() -> None:
    """Run the program."""
    # Named here: "python -m pictologics" would call itself by its file.
    app(prog_name="pictologics")
