"""Chunks of spectra over threads: each thread has its own chunk, with compiled loops and BLAS on one core."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

from threadpoolctl import threadpool_limits

CHUNK = 256
"""Spectra that a thread holds at a time."""


def over_chunks(work: Callable, chunks: Iterable, threads: int = 1) -> list:
    """``work(chunk)`` of each chunk, in order; so many at a time.

    A chunk's result does not depend on the number of threads: compiled loops here run on the thread that calls them
    (without Python's lock), and matrix products on one core each, however many chunks are under way. One thread inside
    BLAS and OpenMP costs nothing: the loops' barriers cost more than a second core gave.

    Parameters
    ----------
    work : callable
        Must be safe to call from several threads; what chunks share has to be made before.
    chunks : iterable
    threads : int
        Chunks at a time.

    Returns
    -------
    list
    """
    chunks = list(chunks)
    with threadpool_limits(1):
        if threads <= 1 or len(chunks) <= 1:
            return [work(chunk) for chunk in chunks]
        with ThreadPoolExecutor(min(threads, len(chunks))) as pool:
            return list(pool.map(work, chunks))
