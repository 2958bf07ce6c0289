"""Public names, for type checkers and for ``attach_stub``."""

from .checking.check import check as check
from .checking.check_report import CheckedSeries as CheckedSeries, CheckReport as CheckReport
from .cohort_folder import Cohort as Cohort, open_cohort as open_cohort
from .indexing.index_run import index as index
from .reporting.report import report as report
from .running.manifest import ManifestRow as ManifestRow, read_manifest as read_manifest
from .training.dataset import Dataset as Dataset
from .cases.case import Case as Case, SeriesChoice as SeriesChoice
from .cases.selection import Selection as Selection
from .running.gathering import gather_manifest as gather_manifest
from .running.run import RunResult as RunResult, run as run
