"""Public names, for type checkers and for ``attach_stub``."""

from .cohort_folder import Cohort as Cohort, open_cohort as open_cohort
from .indexing.index_run import index as index
from .reporting.report import report as report
from .running.manifest import ManifestRow as ManifestRow, read_manifest as read_manifest
from .training.dataset import Dataset as Dataset
