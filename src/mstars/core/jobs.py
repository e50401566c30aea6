"""Whether this process is a job of the workflow, and the start of one."""

from __future__ import annotations

import gc
import os
import sys


def is_job() -> bool:
    """Whether this process is the script of a rule, as Snakemake runs it."""
    # Snakemake sets __file__ to the script's own place in the repository
    folder = os.path.dirname(os.path.abspath((getattr(sys, "argv", None) or [""])[0]))
    return folder.endswith(os.path.join(os.sep, ".snakemake", "scripts"))


def pause_collection() -> None:
    """Leave out the search for garbage while a job imports: there is none, and the search takes a fifth of a start."""
    if is_job():
        gc.disable()


def resume_collection() -> None:
    """Search for garbage again, but not among what was there until now."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()
