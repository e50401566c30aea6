"""Compiled loops give the same last digits whether they were compiled just now or come from numba's cache."""

import ast
import importlib.util
import inspect
import pkgutil
import re
import textwrap
from pathlib import Path

import pytest
from numba.core.dispatcher import Dispatcher

ROOM = importlib.import_module("mstars.velocity")
MODULES = sorted(
    name
    for _, name, package in pkgutil.walk_packages(ROOM.__path__, "mstars.velocity.")
    if not package and re.search(r"\bnumba\.njit\b", Path(importlib.util.find_spec(name).origin).read_text())
)


def compiled(module):
    return {name: value for name, value in vars(module).items() if isinstance(value, Dispatcher)}


def called(function):
    known = function.py_func.__globals__
    return [known[name] for name in function.py_func.__code__.co_names if isinstance(known.get(name), Dispatcher)]


def written_out(function):
    """Whether the compiler puts the function's text into its callers: it has no compilation of its own there."""
    return function.targetoptions.get("inline") == "always"


def reordered(function):
    """Whether the compiler may reorder sums in this function or in one that is inlined into it."""
    return bool(function.targetoptions.get("fastmath")) or any(map(reordered, called(function)))


@pytest.mark.parametrize("name", MODULES)
def test_what_may_be_reordered_is_inlined_into_what_python_calls(name):
    # a called function is compiled alone and again within each caller; a process that compiled takes the one, a process
    # that loads the caller from the cache the other, and with sums reordered the two differ in the last digits
    for caller in compiled(importlib.import_module(name)).values():
        wrong = [
            one.py_func.__name__
            for one in called(caller)
            if reordered(one) and not one.targetoptions.get("forceinline")
        ]
        assert not wrong, f"{caller.py_func.__name__} calls {wrong}: forceinline=True is missing"


@pytest.mark.parametrize("name", MODULES)
def test_no_function_takes_over_by_chance_whether_its_sums_may_be_reordered(name):
    # without fastmath of its own a function is compiled with that of the caller that needs it first
    for caller in compiled(importlib.import_module(name)).values():
        if caller.targetoptions.get("fastmath"):
            wrong = [
                one.py_func.__name__
                for one in called(caller)
                if "fastmath" not in one.targetoptions and not written_out(one)
            ]
            assert not wrong, f"{caller.py_func.__name__} calls {wrong}: they do not say fastmath"


def test_the_loops_of_the_matching_are_seen():
    from mstars.velocity.match import chi2, mixture

    assert {"mstars.velocity.normal_equations", "mstars.velocity.match.mixture"} < set(MODULES)
    assert chi2.chi2_at in called(chi2.curve_chunk) and reordered(mixture.finish_one)
    assert not any(map(reordered, compiled(importlib.import_module("mstars.velocity.lines.combine")).values()))


def powers(function):
    """Lines of a function that raise to a power."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function.py_func)))
    return [node.lineno for node in ast.walk(tree) if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow)]


@pytest.mark.parametrize("name", MODULES)
def test_what_may_be_reordered_has_no_power(name):
    # numba compiles one helper for ** in a process, with the options of the loop that was compiled first
    for function in compiled(importlib.import_module(name)).values():
        if function.targetoptions.get("fastmath") or written_out(function):
            assert not powers(function), f"{function.py_func.__name__}: write the power as a product"
