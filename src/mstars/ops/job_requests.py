"""What a job asks of a cluster, by its input and the attempt, as Snakemake takes it for ``resources``."""

from __future__ import annotations

from collections.abc import Callable


def memory(base: float, per_input: float = 0.0) -> Callable[..., int]:
    """Memory of a job, half as much again with each new attempt.

    Parameters
    ----------
    base : float
        MB.
    per_input : float
        MB for each MB of the job's input files.

    Returns
    -------
    callable
        ``(wildcards, input, attempt) -> int``, MB. The input's size is asked for only where it counts.
    """

    def mem_mb(wildcards, input, attempt):
        size = per_input * input.size_mb if per_input else 0
        return int((base + size) * 1.5 ** (attempt - 1))

    return mem_mb


def minutes(base: float, per_input: float = 0.0) -> Callable[..., int]:
    """Time limit of a job, twice as long with each new attempt.

    Parameters
    ----------
    base : float
        Minutes.
    per_input : float
        Minutes for each MB of the job's input files.

    Returns
    -------
    callable
        ``(wildcards, input, attempt) -> int``, minutes.
    """

    def runtime(wildcards, input, attempt):
        size = per_input * input.size_mb if per_input else 0
        return int((base + size) * 2 ** (attempt - 1) + 0.5)

    return runtime
