"""The examples for clusters on the page of cohorts: what they ask of a cluster is what it would start."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[3] / "docs" / "cohorts.md"


def read_example(library: str) -> ast.Module:
    blocks = re.findall(r"^```text\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    (block,) = [block for block in blocks if f"from {library}" in block]
    return ast.parse(block)


def call_of(example: ast.Module, name: str) -> dict[str, object]:
    """The keywords of a call."""
    calls = [node for node in ast.walk(example) if isinstance(node, ast.Call) and getattr(node.func, "id", "") == name]
    return {keyword.arg: ast.literal_eval(keyword.value) for keyword in calls[0].keywords if keyword.arg != "client"}


def test_the_slurm_example_makes_a_job_for_a_worker_of_one_process():
    library = pytest.importorskip("dask_jobqueue", reason="dask-jobqueue is not installed")
    keywords = call_of(read_example("dask_jobqueue"), "SLURMCluster")
    scheduler = {"host": "127.0.0.1", "dashboard_address": "127.0.0.1:0"}
    with library.SLURMCluster(**keywords, scheduler_options=scheduler) as cluster:
        script = cluster.job_script()
    assert "#SBATCH -p normal" in script
    assert "#SBATCH --cpus-per-task=4" in script
    assert re.search(r"dask_worker tcp://127\.0\.0\.1:\d+ .*--nthreads 4 .*--nanny", script)


def test_the_kubernetes_example_makes_a_cluster_of_its_image():
    library = pytest.importorskip("dask_kubernetes.operator", reason="dask-kubernetes is not installed")
    keywords = call_of(read_example("dask_kubernetes"), "KubeCluster")
    spec = library.make_cluster_spec(**keywords)
    worker = spec["spec"]["worker"]
    assert worker["replicas"] == 20
    assert worker["spec"]["containers"][0]["image"] == keywords["image"]
