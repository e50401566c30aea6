"""What every script of the workflow does around its work: log file, threads, and errors a user can read."""

from __future__ import annotations

import errno
import logging
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from mstars.core.errors import DamagedFile, InputError
from mstars.core.jobs import is_job, resume_collection
from mstars.files import checksums
from mstars.files.whole import set_aside


@contextmanager
def job(snakemake, also: Iterable[str | os.PathLike] = ()) -> Iterator[logging.Logger]:
    """Run a script's work: messages to the rule's log and to standard error, BLAS and torch within ``threads``.

    Inputs are compared with the checksums that the jobs before recorded, and those of the outputs are recorded.
    ``also`` are files and folders that the job makes with its first output and that the rule does not name; it is read
    when the work is done.

    An `InputError` ends the job with its one line, without a traceback, and so does a full or read-only disk; any
    other error keeps its traceback. A damaged input that a rule made is set aside, so that the next run makes it again.

    When all went well a script of Snakemake's ends here, without the half second in which Python would take torch and
    numba apart: nothing may follow the job in a script.
    """
    resume_collection()
    threads = max(1, snakemake.threads)
    _set_threads(threads)
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
        with threadpool_limits(threads):
            checksums.forget(snakemake.output)
            checksums.check(snakemake.input)
            yield logger
            for number, output in enumerate(snakemake.output):
                checksums.record(output, () if number else also)
    except DamagedFile as error:
        logger.error("error: %s", error)
        _set_aside(snakemake, error, logger)
        sys.exit(1)
    except InputError as error:
        logger.error("error: %s", error)
        sys.exit(1)
    except Exception as error:
        if full := _disk_trouble(error):
            where = os.path.dirname(str(snakemake.output[0])) or "."
            logger.error("error: writing to %s: %s; free some space (files and bytes) and run again", where, full)
        else:
            logger.exception("error in rule %s", snakemake.rule)
        sys.exit(1)
    finally:
        for handler in handlers:
            handler.close()
            logger.removeHandler(handler)
    if is_job():
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


def _set_threads(count: int) -> None:
    """BLAS, OpenMP, numba and torch within so many threads, imported already or not."""
    threads = str(count)
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = threads
    # OpenMP's threads (torch's) would spin after each loop and take the cores from what comes next
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    # torch's matrix products (MKL) of few rows else depend, in the last digit, on where in memory the rows begin
    os.environ.setdefault("MKL_CBWR", "AUTO,STRICT")
    # numba compares this variable with what it was imported with, each time it compiles
    if "numba" in sys.modules:
        numba = sys.modules["numba"]
        numba.set_num_threads(min(int(threads), numba.config.NUMBA_NUM_THREADS))
    else:
        os.environ["NUMBA_NUM_THREADS"] = threads
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(int(threads))


def _disk_trouble(error: Exception) -> str:
    """What is wrong with the disk when that is why a write failed; libraries pass it on as a number or as text."""
    for number in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
        if getattr(error, "errno", None) == number or os.strerror(number) in str(error):
            return os.strerror(number)
    return ""


def _set_aside(snakemake, error: DamagedFile, logger: logging.Logger) -> None:
    """Rename a damaged input of this job, unless it lies outside the results (a release's file, a given model)."""
    path, whole = os.path.abspath(error.path), os.path.abspath(error.output)
    inputs = {os.path.abspath(str(name)) for name in snakemake.input}
    ours = whole.startswith(os.path.abspath(checksums.RESULTS) + os.sep)
    if ours and (whole != path or path in inputs):
        logger.error("set aside as %s: run again, and it is remade with what rests on it", set_aside(error.output))
