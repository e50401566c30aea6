"""The user's style file of figures (``figures.style``). The Snakefile reads it, so matplotlib is loaded when needed."""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path
from typing import TYPE_CHECKING

from mstars.core.errors import InputError
from mstars.paper.figures.colours import ALL

if TYPE_CHECKING:
    from matplotlib import RcParams

PACKAGED = "packaged"
"""Value of ``figures.style``: no style of one's own."""


def read_style(path: str | Path) -> RcParams:
    """Settings of a style file of matplotlib.

    Raises
    ------
    InputError
        There is no such file, matplotlib does not understand it, or it has fewer colours than figures use.
    """
    import matplotlib

    if not Path(path).is_file():
        raise InputError(f"figures.style: {path}: no such file; give a style file of matplotlib, or {PACKAGED}")
    said = _Warnings()
    logger = logging.getLogger("matplotlib")
    logger.addHandler(said)
    try:
        settings = matplotlib.rc_params_from_file(path, use_default_template=False)
    except (OSError, ValueError) as error:
        raise InputError(f"figures.style: {path}: not a style file of matplotlib: {error}") from None
    finally:
        logger.removeHandler(said)
    if said.lines:
        raise InputError(f"figures.style: {path}: {said.lines[0]}")
    if "axes.prop_cycle" in settings and len(settings["axes.prop_cycle"]) < len(ALL):
        given = len(settings["axes.prop_cycle"])
        raise InputError(f"figures.style: {path}: axes.prop_cycle has {given} colours; figures use {len(ALL)}")
    return settings


def style_digest(path: str | Path) -> str:
    """Digest of a style file that matplotlib understands: 16 hexadecimal digits."""
    read_style(path)
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:16]


class _Warnings(logging.Handler):
    """What matplotlib says of a style file that it does not understand."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a message as one line."""
        self.lines.append(" ".join(record.getMessage().split()))
