"""Snakemake as `python -m snakemake` is, but Slurm is asked for its jobs' states all the time, for tests alone.

The executor plugin asks 10 s later each time nothing has ended since it last asked, which no option changes: polite on
a shared cluster, but most of the time of a test whose jobs take five seconds.
"""

import sys

from snakemake.cli import main
from snakemake_executor_plugin_slurm import Executor

Executor.next_seconds_between_status_checks = property(lambda self: 0.3, lambda self, value: None)

if __name__ == "__main__":
    sys.exit(main())
