"""Pipelines: preprocessing as an ordered list of named steps, from Python, YAML or JSON."""

from __future__ import annotations

from .catalog import STEPS
from .pipeline import Pipeline, PipelineResult
from .record import PipelineRecord, StepRecord
from .steps import Step

__all__ = ["STEPS", "Pipeline", "PipelineRecord", "PipelineResult", "Step", "StepRecord"]
