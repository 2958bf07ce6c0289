"""Queries for the problems that the table of files shows by itself: objects that are there twice, unreadable files."""

from __future__ import annotations

from typing import Final

__all__ = ["FIND_DUPLICATES", "FIND_UNREADABLE", "MOST_PATHS", "WHOLE_PATH"]

MOST_PATHS: Final = 10
"""That a problem names: a series may have thousands."""

WHOLE_PATH: Final = "CASE WHEN entry IS NULL THEN path ELSE path || '/' || entry END"

FIND_DUPLICATES: Final = f"""
    SELECT kind, series_key, min({WHOLE_PATH}, {MOST_PATHS}) AS paths,
        count(DISTINCT instance_key) || ' object(s) in ' || count(*) || ' files: ' || CASE kind
            WHEN 'duplicate' THEN 'the copies have equal headers and sizes, and each object counts once'
            ELSE 'files of one object differ; find out which is true, and take the other out' END AS text
    FROM unit_files JOIN (
        SELECT instance_key, CASE WHEN min(content) = max(content) THEN 'duplicate' ELSE 'conflict' END AS kind
        FROM unit_files WHERE hash(instance_key) IN (
            SELECT hash(instance_key) FROM unit_files WHERE instance_key IS NOT NULL GROUP BY ALL HAVING count(*) > 1
        )
        GROUP BY instance_key HAVING count(*) > 1
    ) USING (instance_key)
    GROUP BY kind, series_key
"""
"""Objects that several files hold, by series. Where two series claim the same object, each is named.

Short hashes are counted first: with a billion objects their keys would not fit into memory.
"""

FIND_UNREADABLE: Final = f"""
    SELECT 'unreadable' AS kind, series_key, [{WHOLE_PATH}] AS paths, error_text AS text
    FROM unit_files WHERE error IS NOT NULL
"""
"""Files and folders that could not be read."""
