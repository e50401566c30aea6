"""The workflow by module (Figure 1), from Snakemake's own rule graph."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from mstars.core.errors import InputError
from mstars.ops.job import job
from mstars.paper.figures.rulegraph import draw_rulegraph, parse_rulegraph, rule_modules
from mstars.paper.figures.style import save_outputs

with job(snakemake), tempfile.TemporaryDirectory() as folder:
    config = Path(folder) / "config.json"
    config.write_text(json.dumps(snakemake.config))
    command = [sys.executable, "-m", "snakemake", "--snakefile", snakemake.params.snakefile, "--nolock"]
    command += ["--configfile", str(config), "--rulegraph", "dot", "--quiet", "all"]
    # by time alone, so that nothing hides the jobs of the batches
    command += ["--rerun-triggers", "mtime", "--", "catalog"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise InputError(f"snakemake --rulegraph: {(done.stderr.strip().splitlines() or ['no message'])[-1]}")
    rules, edges = parse_rulegraph(done.stdout)
    save_outputs(draw_rulegraph(rules, edges, rule_modules(snakemake.params.rules)), snakemake)
