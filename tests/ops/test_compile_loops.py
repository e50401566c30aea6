"""What ``mstars compile`` compiles is what jobs run: their calls find every loop compiled."""

import sys

import numpy as np
import pytest
from numba.core.registry import CPUDispatcher

from mstars.core.config.velocities import Rvmm
from mstars.ops import compile_loops
from mstars.velocity.match.bank_file import read_bank, write_bank
from mstars.velocity.match.library_bank import bank_of
from mstars.velocity.stage import measure


def compiled():
    """Each compiled function of the library with the types that it was compiled for."""
    modules = [module for name, module in sys.modules.items() if name.startswith("mstars.")]
    values = [value for module in modules for value in vars(module).values()]
    return {
        (value.py_func.__module__, value.py_func.__name__, str(types))
        for value in values
        if isinstance(value, CPUDispatcher)
        for types in value.signatures
    }


@pytest.mark.slow
def test_a_job_of_velocities_compiles_nothing_more(tmp_path, capsys):
    assert compile_loops.run() == 0
    assert "loops compiled" in capsys.readouterr().out
    before = compiled()
    named = {name for _, name, _ in before}
    assert {"resample_rows", "zscore_rows", "running_sums", "finish_chunk", "fit_lines"} <= named
    library = compile_loops.made_up_library()
    spectra = compile_loops.made_up_spectra(library)
    options = Rvmm()
    write_bank(bank_of(library, options.tm), options.tm, tmp_path / "bank.h5")
    table = measure(spectra, read_bank(tmp_path / "bank.h5"), options)
    compile_loops.run_inputs(spectra.select(np.arange(0, len(spectra), 2)))
    assert table["rv_tm"].notna().sum() > 0.8 * len(spectra)
    assert table["tm_wide"].any() and not table["tm_wide"].all()
    assert compiled() == before
