"""What every script of the workflow does around its work: log file, threads, and errors a user can read."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from mstars.errors import InputError


@contextmanager
def job(snakemake) -> Iterator[logging.Logger]:
    """Run a script's work: messages to the rule's log and to standard error, BLAS and torch within ``threads``.

    An `InputError` ends the job with its one line, without a traceback; any other error keeps its traceback.
    """
    threads = str(max(1, snakemake.threads))
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
        os.environ[name] = threads
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(int(threads))
    from threadpoolctl import threadpool_limits

    logger = logging.getLogger("mstars")
    logger.setLevel(logging.INFO)
    handlers = [logging.StreamHandler(sys.stderr)]
    if snakemake.log:
        handlers.append(logging.FileHandler(snakemake.log[0], mode="w"))
    for handler in handlers:
        handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S"))
        logger.addHandler(handler)
    try:
        with threadpool_limits(int(threads)):
            yield logger
    except InputError as error:
        logger.error("error: %s", error)
        sys.exit(1)
    except Exception:
        logger.exception("error in rule %s", snakemake.rule)
        sys.exit(1)
    finally:
        for handler in handlers:
            handler.close()
            logger.removeHandler(handler)
