"""What belongs together: which image each mask, structure set and dose is of, found by queries over the tables.

What a file says of itself counts most: the series that it names, then the objects, for a dose through its plan and
structure set. Then comes the frame of reference, and last the study, where nothing contradicts it. Several images that
fit are told apart by how many of the named objects are theirs, by their grid, by their study, and by whether they are
volumes at all. Files that are no DICOM have none of these: a mask belongs to the image of its folder on the same grid.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..querying import quote_texts
from .volume_file_rows import MASK_WORDS

if TYPE_CHECKING:
    import duckdb

__all__ = ["FIND_LINKS", "link_series"]

GRID_MACROS: Final = """
    CREATE OR REPLACE TEMP MACRO along(orientation, letters, x, y, z) AS CASE
        WHEN contains(letters, substr(orientation, 1, 1)) THEN x
        WHEN contains(letters, substr(orientation, 2, 1)) THEN y ELSE z END;
    CREATE OR REPLACE TEMP MACRO center(origin, direction, axis, x, y, z) AS
        origin[axis] + direction[3 * axis - 2] * x + direction[3 * axis - 1] * y + direction[3 * axis] * z;
    CREATE OR REPLACE TEMP MACRO near(a, b) AS abs(a - b) <= 1e-3 * b;
"""
"""A grid by the axes of the patient, so that two that run another way or have their axes exchanged compare."""

GRIDS: Final = """
    CREATE TEMP TABLE link_series AS SELECT DISTINCT ON (series_key, kind)
        series_key, kind, format = 'DICOM' AS is_dicom, study_key, patient_key,
        frame_of_reference_key AS frame, modality, files, loads, coalesce(size_z, 0) > 1 AS is_volume,
        {"l": along(orientation, 'LR', size_x, size_y, size_z), "p": along(orientation, 'PA', size_x, size_y, size_z),
         "s": along(orientation, 'SI', size_x, size_y, size_z)} AS size,
        {"l": along(orientation, 'LR', spacing_x, spacing_y, spacing_z),
         "p": along(orientation, 'PA', spacing_x, spacing_y, spacing_z),
         "s": along(orientation, 'SI', spacing_x, spacing_y, spacing_z)} AS step,
        CASE WHEN size_x IS NOT NULL THEN [center(
            origin, direction, axis, spacing_x * (size_x - 1) / 2, spacing_y * (size_y - 1) / 2,
            spacing_z * (size_z - 1) / 2
        ) FOR axis IN [1, 2, 3]] END AS middle,
        referenced_series_keys, referenced_instance_keys
    FROM all_series WHERE series_key IS NOT NULL;
    CREATE TEMP VIEW link_images AS FROM link_series WHERE kind = 'image';
    CREATE TEMP VIEW link_masks AS FROM link_series WHERE kind IN ('SEG', 'RTSTRUCT', 'dose');
    CREATE TEMP MACRO have_same_steps(a, b) AS near(a.l, b.l) AND near(a.p, b.p) AND near(a.s, b.s);
    CREATE TEMP MACRO count_same(a, b) AS (a.l = b.l)::INT + (a.p = b.p)::INT + (a.s = b.s)::INT;
    CREATE TEMP TABLE link_choices (
        series_key VARCHAR, image_key VARCHAR, how VARCHAR, matches BIGINT, fits BOOLEAN, same_study BOOLEAN
    );
"""

FITS: Final = "m.kind = 'SEG' AND coalesce(have_same_steps(m.step, i.step) AND count_same(m.size, i.size) >= 2, false)"
"""A segmentation may lack the planes that show nothing, so that it is shorter than its image along one axis."""

IS_SAME: Final = """
    coalesce(have_same_steps(m.step, i.step) AND count_same(m.size, i.size) = 3
        AND list_distance(m.middle, i.middle) < 0.1 * least(i.step.l, i.step.p, i.step.s), false)
"""
"""Of files that are no DICOM the whole grid has to be the same, to a tenth of a voxel in its middle."""

CHOICE: Final = f"""
    INSERT INTO link_choices
    SELECT m.series_key, i.series_key, $how, n.matches, {FITS}, coalesce(m.study_key = i.study_key, false)
    FROM ({{named}}) n JOIN link_masks m ON m.series_key = n.source JOIN link_images i ON i.series_key = n.target
    WHERE m.series_key NOT IN (SELECT series_key FROM link_choices)
"""

OBJECTS: Final = """
    CREATE TEMP TABLE link_objects AS
    SELECT source, series_key AS target, count(DISTINCT instance_key) AS matches
    FROM (SELECT series_key AS source, unnest(referenced_instance_keys) AS instance_key FROM link_series) o
    JOIN (SELECT instance_key, series_key FROM unit_files WHERE series_key IS NOT NULL) f USING (instance_key)
    GROUP BY ALL
"""
"""The series whose objects are named. Only masks, plans and doses name any, so that these few are held in memory."""

NAMED_SERIES: Final = (
    "SELECT series_key AS source, unnest(referenced_series_keys) AS target, 1 AS matches FROM link_masks"
)

NAMED_IMAGES: Final = "SELECT source, target, matches FROM link_objects"

NAMED_STRUCTURES: Final = """
    SELECT DISTINCT o.source, c.image_key AS target, 1 AS matches
    FROM (
        FROM link_objects UNION ALL
        SELECT dose.source, plan.target, 1 FROM link_objects dose JOIN link_objects plan ON dose.target = plan.source
    ) o JOIN link_best c ON o.target = c.series_key
"""
"""A dose names its plan, and the plan its structure set: the image is that of the structure set."""

ONE_PATIENT: Final = "(m.patient_key = i.patient_key OR m.patient_key IS NULL OR i.patient_key IS NULL)"
"""Anonymizers give frames of reference and studies of several patients one UID, too."""

SAME_FRAME: Final = f"""
    SELECT m.series_key AS source, i.series_key AS target, 1 AS matches
    FROM link_masks m JOIN link_images i ON m.frame = i.frame
    WHERE {ONE_PATIENT}
"""

SAME_STUDY: Final = f"""
    SELECT m.series_key AS source, i.series_key AS target, 1 AS matches
    FROM link_masks m JOIN link_images i ON m.study_key = i.study_key
    WHERE {ONE_PATIENT} AND (m.frame IS NULL OR i.frame IS NULL OR {FITS})
"""
"""Positions in two frames of reference do not compare; only equal planes, which anonymizers keep, outweigh that."""

FILE_NAMES: Final = rf"""
    CREATE TEMP TABLE link_names AS
    SELECT series_key, folder, regexp_replace(folder, '/?[^/]*$', '') AS parent,
        regexp_extract(lower(folder), '[^/]*$') IN ({quote_texts(sorted(MASK_WORDS))}) AS is_of_masks,
        [word FOR word IN regexp_extract_all(stem, '[a-z]+|[0-9]+')
            IF word NOT IN ({quote_texts(sorted(MASK_WORDS))})] AS words
    FROM (
        SELECT series_key, regexp_replace(path, '/?[^/]*$', '') AS folder, regexp_replace(
            lower(regexp_extract(path, '[^/]*$')),
            '(_0[0-9]{{3}})?(\.seg)?\.(nii|nii\.gz|nrrd|nhdr|mha|mhd|hdr|img)$', ''
        ) AS stem
        FROM unit_files WHERE format IS NOT NULL AND format <> 'DICOM'
    )
"""
"""The folder of each file that is no DICOM, and whether its name is one of masks; of the file's name the words, without
those for masks and the channel's number."""

LACKING: Final = """
    WITH lacking AS MATERIALIZED (
        SELECT m.*, x.folder, x.parent, x.is_of_masks, x.words FROM link_masks m JOIN link_names x USING (series_key)
        WHERE NOT m.is_dicom AND m.series_key NOT IN (SELECT series_key FROM link_choices)
    ), named AS MATERIALIZED (
        SELECT i.*, y.folder, y.parent, y.words FROM link_images i JOIN link_names y USING (series_key)
    )
"""
"""The masks that have no image yet and no DICOM, and the images that may be theirs, both with their names: put together
first, so that folders of thousands of masks are not compared with one another."""

SAME_NAME: Final = f"""
    INSERT INTO link_choices {LACKING}
    SELECT m.series_key, i.series_key, 'folder', len(i.words), true, m.folder = i.folder
    FROM lacking m JOIN named i ON m.parent = i.parent AND m.words = i.words WHERE {IS_SAME} AND len(i.words) > 0
"""
"""In one folder, or in folders side by side such as imagesTr and labelsTr, a mask and an image of the same words.

All words are more than any other name can have in common, and found without comparing every mask with every image."""

SAME_FOLDER: Final = f"""
    INSERT INTO link_choices {LACKING}
    SELECT m.series_key, i.series_key, 'folder', CASE WHEN list_has_all(m.words, i.words) THEN len(i.words) ELSE 0 END,
        true, true
    FROM lacking m JOIN named i ON m.folder = i.folder AND m.size = i.size WHERE {IS_SAME}
"""
"""In one folder the grid decides, and the words that the names have in common if several images have it."""

BESIDE_SLICES: Final = f"""
    INSERT INTO link_choices {LACKING}
    SELECT DISTINCT m.series_key, i.series_key, 'folder', 0, true, true
    FROM lacking m JOIN (
        SELECT DISTINCT series_key, regexp_replace(path, '/?[^/]*$', '') AS folder FROM unit_files
        WHERE format = 'DICOM' AND entry IS NULL
    ) y ON m.folder = y.folder JOIN link_images i ON i.series_key = y.series_key WHERE {IS_SAME}
"""
"""A mask as NIfTI among the slices that it was drawn on."""

BESIDE_IMAGE: Final = f"""
    INSERT INTO link_choices {LACKING}
    SELECT DISTINCT m.series_key, i.series_key, 'folder', 0, true, false
    FROM lacking m JOIN (
        SELECT DISTINCT series_key, regexp_replace(path, '/?[^/]*/[^/]*$', '') AS parent FROM unit_files
        WHERE series_key IS NOT NULL AND entry IS NULL AND contains(path, '/')
    ) y ON m.parent = y.parent JOIN link_images i ON i.series_key = y.series_key
    WHERE m.is_of_masks AND len(m.words) = 0 AND {IS_SAME}
"""
"""A mask that is called nothing but mask, in a folder that is too, beside that of its image or of its slices."""

RANK: Final = "matches DESC, fits DESC, same_study DESC, is_volume DESC"

BEST: Final = f"""
    CREATE OR REPLACE TEMP TABLE link_best AS SELECT series_key, image_key, how, choices FROM (
        SELECT c.*, count(*) OVER (PARTITION BY c.series_key, matches, fits, same_study, is_volume) AS choices
        FROM link_choices c JOIN link_images i ON c.image_key = i.series_key
        QUALIFY row_number() OVER (
            PARTITION BY c.series_key ORDER BY {RANK}, loads DESC, modality = 'CT' DESC, files DESC, image_key
        ) = 1
    )
"""
"""The image of each mask: of several that fit equally well one that loads, a CT first, the one with most files."""

FIND_LINKS: Final = "SELECT series_key, image_key, how, choices::BIGINT AS choices FROM link_best ORDER BY series_key"
"""The rows of the table of links; ``link_series`` comes first."""


def link_series(connection: duckdb.DuckDBPyConnection) -> None:
    """Find the image of every mask, structure set and dose.

    Args:
        connection: A connection with the views ``all_series`` and ``unit_files``, which have the columns of the tables
            of series and files. What queries need beyond its limit of memory goes to disk. Afterwards its table
            ``link_best`` has a row for each mask whose image was found, which ``FIND_LINKS`` reads.
    """
    connection.execute(GRID_MACROS)
    connection.execute(GRIDS)
    connection.execute(OBJECTS)
    choose(connection, "referenced series", NAMED_SERIES)
    choose(connection, "referenced images", NAMED_IMAGES)
    choose(connection, "frame of reference", f"{SAME_FRAME} AND m.kind <> 'dose'")
    # By now the structure sets have their images, from which doses have theirs.
    connection.execute(BEST)
    choose(connection, "plan and structure set", NAMED_STRUCTURES)
    choose(connection, "frame of reference", SAME_FRAME)
    choose(connection, "study", SAME_STUDY)
    connection.execute(FILE_NAMES)
    connection.execute(SAME_NAME)
    connection.execute(SAME_FOLDER)
    connection.execute(BESIDE_SLICES)
    connection.execute(BESIDE_IMAGE)
    connection.execute(BEST)


def choose(connection: duckdb.DuckDBPyConnection, how: str, named: str) -> None:
    """Enter the images that are named in one way, for the masks that have none yet."""
    connection.execute(CHOICE.format(named=named), {"how": how})
