"""Files damaged at random: each becomes a spectrum that is sound or a rejected row, and nothing else happens."""

import json
import signal

import damaged_files
import numpy as np
import pytest

from mstars.lamost.ingest import SPECTRUM_COLUMNS, ingest_batch
from mstars.lamost.plan import plan_files
from mstars.lamost.tree import read_tree

SEEDS = range(0, 400)
CHUNK = 50


@pytest.fixture
def watchdog():
    """Ends a reader that hangs."""

    def give_up(*_):
        raise TimeoutError("a damaged file holds the reader up")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(240)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("start", range(SEEDS.start, SEEDS.stop, CHUNK))
def test_damaged_files_become_sound_spectra_or_rejected_rows(tmp_path, watchdog, start):
    for seed in range(start, start + CHUNK):
        # half of them by name, so that a damaged identity does not reject them all
        name = f"spec-56000-FUZZ_sp01-{seed % 900 + 1:03d}.fits" if seed % 2 else f"{seed}.fits.gz"
        (tmp_path / name).write_bytes(damaged_files.damaged(seed))
    (tmp_path / "good.fits").write_bytes(damaged_files.originals()[1])
    plan = plan_files(str(tmp_path))
    spectra, header, rejected = ingest_batch(plan.candidates.assign(batch="", role="candidate"))
    files = len(read_tree(str(tmp_path)).files)
    assert len(plan.rejected) + len(rejected) + len(spectra) == files == CHUNK + 1
    assert (plan.rejected["reason"] != "").all() and (rejected["reason"] != "").all()
    assert np.isfinite(spectra.flux).all() and np.isfinite(spectra.ivar).all() and (spectra.ivar >= 0).all()
    assert (~spectra.bad).any(axis=1).all()
    assert set(SPECTRUM_COLUMNS) <= set(header)
    for table in (header, plan.rejected, rejected):
        text = json.dumps(table.select_dtypes(exclude="number").astype(str).to_dict("list"))
        assert text.isascii() and "\\u00" not in text


def test_the_same_seed_is_the_same_file():
    assert [damaged_files.damaged(seed) for seed in range(20)] == [damaged_files.damaged(seed) for seed in range(20)]
    assert len({damaged_files.damaged(seed) for seed in range(100)}) > 95
