"""Public names, for type checkers and for ``attach_stub``."""

from .cohort_folder import Cohort as Cohort, open_cohort as open_cohort
