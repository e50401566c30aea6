"""A bank read from its file measures what the bank that was written measures, to the last bit."""

import numpy as np
import pytest
from made_stars import make_many, observe

from mstars.core.config.template_matching import MatchOptions
from mstars.core.errors import DamagedFile, InputError
from mstars.velocity.match.bank_file import read_bank, write_bank
from mstars.velocity.match.default_recipe import match_templates


@pytest.mark.parametrize("method", ["pruned", "exhaustive"])
def test_a_bank_comes_back_with_the_same_bits(tmp_path, method):
    options, many = MatchOptions(method=method), make_many()
    many.wide = make_many()
    write_bank(many, options, tmp_path / "bank.h5")
    again = read_bank(tmp_path / "bank.h5")
    spectra = observe(40, 71, snr=20.0)[0]
    assert (again.kept("reduced", spectra.wavelength) is not None) == (method == "pruned")
    assert np.array_equal(again.coefficient, many.coefficient) and again.window == many.window
    assert again.wide.name.tolist() == many.wide.name.tolist()
    found = match_templates(spectra, again, options)
    assert found.equals(match_templates(spectra, many, options))
    assert found["rv_tm"].notna().mean() > 0.9


def test_the_file_has_the_same_bytes_for_any_number_of_threads(tmp_path):
    for threads in (1, 2):
        write_bank(make_many(), MatchOptions(), tmp_path / f"{threads}.h5", threads)
    assert (tmp_path / "1.h5").read_bytes() == (tmp_path / "2.h5").read_bytes()


def test_what_is_no_bank_is_said(tmp_path):
    with pytest.raises(InputError, match="no such bank"):
        read_bank(tmp_path / "bank.h5")
    (tmp_path / "bank.h5").write_bytes(b"text")
    with pytest.raises(DamagedFile, match="not a readable bank"):
        read_bank(tmp_path / "bank.h5")
