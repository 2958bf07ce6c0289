"""What is wrong with what belongs together: orphans, guesses and studies that are split; and what does not load."""

from __future__ import annotations

from typing import Final

from .duplicates import MOST_PATHS, WHOLE_PATH

__all__ = ["FIND_LINK_PROBLEMS", "FIND_SPLIT_STUDIES"]

ORPHANS: Final = """
    SELECT 'orphan' AS kind, series_key, kind || ' without its image: ' || CASE
            WHEN NOT is_dicom THEN 'no image in its folder lies on the same grid, and none of its name in one beside it'
            WHEN referenced_series_keys IS NOT NULL THEN 'the series that it names is not there'
            WHEN referenced_instance_keys IS NOT NULL THEN 'the objects that it names are not there'
            ELSE 'it names none, and none has its frame of reference or is of its study' END
        || '; where the image is missing, add it to the root and index again' AS text
    FROM link_masks WHERE series_key NOT IN (SELECT series_key FROM link_best)
"""

GUESSES: Final = """
    SELECT 'ambiguous link' AS kind, series_key, choices || ' images fit it equally well, by ' || how
        || ', and one of them was taken; choose its image yourself where that matters' AS text
    FROM link_best WHERE choices > 1
"""

OTHER_PATIENTS: Final = """
    SELECT 'other patient' AS kind, b.series_key, m.kind || ' of another patient than its image, which it names by its '
        || 'UID: one PatientID is wrong, or two patients have the same UID; find out which, and correct it' AS text
    FROM link_best b JOIN link_masks m USING (series_key) JOIN link_images i ON b.image_key = i.series_key
    WHERE m.patient_key <> i.patient_key
"""

VERDICTS: Final = """
    SELECT verdict AS kind, series_key, verdict_text || CASE
            WHEN verdict = 'irregular' THEN '; it loads with ' || load_options ELSE '' END AS text
    FROM all_series WHERE verdict IN ('irregular', 'refused')
"""

FIND_LINK_PROBLEMS: Final = f"""
    FROM (WITH found AS ({ORPHANS} UNION ALL {GUESSES} UNION ALL {OTHER_PATIENTS} UNION ALL {VERDICTS})
    SELECT kind, series_key, paths, text FROM found LEFT JOIN (
        SELECT series_key, min({WHOLE_PATH}, {MOST_PATHS}) AS paths
        FROM unit_files WHERE series_key IN (SELECT series_key FROM found) GROUP BY series_key
    ) USING (series_key))
"""
"""Problems that single series have; ``link_series`` comes first."""

FOLDERS: Final = r"""
    SELECT DISTINCT study_key, folder, regexp_replace(folder, '/?[^/]*$', '') AS parent FROM (
        SELECT DISTINCT series_key,
            CASE WHEN entry IS NULL THEN regexp_replace(path, '/?[^/]*$', '') ELSE path END AS folder
        FROM unit_files WHERE series_key IS NOT NULL
    ) JOIN all_series USING (series_key) WHERE study_key IS NOT NULL
"""
"""The folders of each study; an archive counts as one."""

FIND_SPLIT_STUDIES: Final = f"""
    FROM (WITH folders AS ({FOLDERS}),
    spread AS (SELECT study_key FROM folders GROUP BY study_key HAVING count(DISTINCT parent) > 1),
    tops AS (
        SELECT study_key, folder, array_to_string(parts[1:depth], '/') AS top
        FROM (SELECT study_key, folder, string_split(folder, '/') AS parts FROM folders),
            unnest(range(len(parts) + 1)) t(depth)
    ),
    crowded AS (SELECT top FROM tops GROUP BY top HAVING count(DISTINCT study_key) > 1),
    common AS (
        SELECT study_key, arg_max(top, length(top)) AS top FROM (
            SELECT study_key, top, count(DISTINCT folder) AS reached FROM tops GROUP BY ALL
        ) JOIN (SELECT study_key, count(*) AS reached FROM folders GROUP BY study_key) USING (study_key, reached)
        GROUP BY study_key
    )
    SELECT 'split study' AS kind, NULL::VARCHAR AS series_key, min(folder, {MOST_PATHS}) AS paths,
        'the files of one study lie in ' || count(*) || ' folders, among those of other studies; '
        || 'load its series through the cohort, or move its files together' AS text
    FROM folders WHERE study_key IN (SELECT study_key FROM spread)
    AND study_key IN (SELECT study_key FROM common WHERE top IN (SELECT top FROM crowded))
    GROUP BY study_key)
"""
"""Studies whose folders have no parent in common but one that holds other studies, too."""
