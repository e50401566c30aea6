"""Compiled loops give the same last digits whether they were compiled just now or come from numba's cache."""

import importlib

import pytest
from numba.core.dispatcher import Dispatcher

MODULES = ("match.chi2", "lines.combine", "lines.gaussians", "match.mixture", "match.paper_recipe")


def compiled(module):
    return {name: value for name, value in vars(module).items() if isinstance(value, Dispatcher)}


def called(function):
    known = function.py_func.__globals__
    return [known[name] for name in function.py_func.__code__.co_names if isinstance(known.get(name), Dispatcher)]


def reordered(function):
    """Whether the compiler may reorder sums in this function or in one that is inlined into it."""
    return bool(function.targetoptions.get("fastmath")) or any(map(reordered, called(function)))


@pytest.mark.parametrize("name", MODULES)
def test_what_may_be_reordered_is_inlined_into_what_python_calls(name):
    # a called function is compiled alone and again within each caller; a process that compiled takes the one, a process
    # that loads the caller from the cache the other, and with sums reordered the two differ in the last digits
    functions = compiled(importlib.import_module(f"mstars.velocity.{name}"))
    for caller in functions.values():
        wrong = [
            one.py_func.__name__
            for one in called(caller)
            if reordered(one) and not one.targetoptions.get("forceinline")
        ]
        assert not wrong, f"{caller.py_func.__name__} calls {wrong}: forceinline=True is missing"


def test_the_loops_of_the_matching_are_seen():
    from mstars.velocity.match import chi2, mixture

    assert chi2.chi2_at in called(chi2.curve_chunk) and reordered(mixture.finish_one)
    assert not any(map(reordered, compiled(importlib.import_module("mstars.velocity.lines.combine")).values()))
