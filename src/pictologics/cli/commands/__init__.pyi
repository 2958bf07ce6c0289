"""What the program calls, for type checkers and for ``attach_stub``."""

from .check import print_check as print_check
from .convert import (
    convert_image as convert_image,
    convert_series as convert_series,
    refuse_beside_all_volumes as refuse_beside_all_volumes,
)
from .cohort_demo import run_cohort_demo as run_cohort_demo
from .demo import run_demo as run_demo
from .explain import (
    explain_path as explain_path,
)
from .index import index_tree as index_tree
from .info import print_info as print_info
from .measure import print_measurements as print_measurements
from .merge import merge_masks as merge_masks
from .overlay import OverlayOptions as OverlayOptions, draw_overlay as draw_overlay
from .process import run_pipeline as run_pipeline
from .query import print_query as print_query
from .report import make_report as make_report
from .run import ChosenCases as ChosenCases, run_cohort as run_cohort
from .segments import print_segments as print_segments
from .volume_choice import read_dataset_index as read_dataset_index
