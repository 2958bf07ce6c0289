"""What tells a run that a process is the same as before: what it does, not where it lies in memory."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from pictologics.cohort.running.rules import describe_process


class Network:
    """Something that is held, and shows where it lies in memory."""


class AddConstant:
    """A function that is an object."""

    def __init__(self, constant):
        self.constant = constant
        self.network = Network()

    def __call__(self, images, masks):
        return images, masks


def make_closure(constant):
    network = Network()

    def process(images, masks):
        return images if network and constant else masks, masks

    return process


def add(network, constant, images, masks):
    return images, masks


def make_partial(constant):
    return partial(add, Network(), constant)


@pytest.mark.parametrize("make", [AddConstant, make_closure, make_partial])
def test_the_same_process_is_the_same_in_every_process(make):
    assert describe_process(make(1)) == describe_process(make(1))
    assert describe_process(make(1)) != describe_process(make(2))
    assert "0x" not in str(describe_process(make(1)))


@pytest.mark.parametrize("make", [AddConstant, make_closure, make_partial])
def test_arrays_are_told_apart_by_all_that_they_hold(make):
    table = np.linspace(0, 1, 5000)
    other = table.copy()
    other[2500] = np.nextafter(other[2500], 1)
    assert describe_process(make(table)) == describe_process(make(table.copy()))
    assert describe_process(make(table)) != describe_process(make(other))
