"""Lengths of spectra that the network's strides divide without rest."""

from __future__ import annotations

from mstars.core.errors import InputError

KERNEL = 7
STRIDES = (4, 4, 4, 2, 2)
"""Of the two domain convolutions and the three of the shared encoder. None has padding."""

STEP, OFFSET = 256, 1023
"""Spectra of ``STEP * m + OFFSET`` pixels come back from the decoders with as many as the encoders were given."""

LEAST = 4 * STEP + OFFSET
"""Shorter ones leave fewer than four latent places. The instance norm makes two places +1 and -1 whatever they hold."""


def after(length: int, strides: tuple[int, ...] = STRIDES) -> int:
    """Pixels that are left after convolutions with these strides."""
    for stride in strides:
        length = (length - KERNEL) // stride + 1
    return length


def back(length: int, strides: tuple[int, ...] = STRIDES) -> int:
    """Pixels that the transposed convolutions make of a latent length."""
    for stride in reversed(strides):
        length = (length - 1) * stride + KERNEL
    return length


def check_length(length: int, at_least: int = 0) -> int:
    """The length as it is.

    Parameters
    ----------
    length : int
        Pixels of the padded spectra.
    at_least : int
        Pixels before they are padded.

    Raises
    ------
    InputError
        The strides don't divide it, or the spectra are longer. The message names the nearest lengths that fit.
    """
    least = max(at_least, LEAST)
    if length >= least and (length - OFFSET) % STEP == 0:
        return length
    below = OFFSET + STEP * ((length - OFFSET) // STEP)
    nearest = [one for one in (below, below + STEP) if one >= least]
    nearest = nearest or [OFFSET + STEP * -(-(least - OFFSET) // STEP)]
    raise InputError(
        f"engines.csn.grid.pad_to: {length} pixels don't fit the network"
        + (f" or spectra of {at_least} pixels" if at_least else "")
        + f"; give {' or '.join(map(str, nearest))} ({STEP} m + {OFFSET})"
    )


def margins(n_pixel: int, length: int) -> tuple[int, int]:
    """Pixels of padding on the left and on the right."""
    left = (length - n_pixel) // 2
    return left, length - n_pixel - left
