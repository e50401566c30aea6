"""Shares of masked pixels."""

from made_spectra import masked_spectra

from mstars.spectra.ormask import mask_fraction


def test_mask_fraction_counts_ormask_alone():
    spectra = masked_spectra(2)
    spectra.ormask[:] = 0
    spectra.ormask[1, 100:] = 1
    share = mask_fraction(spectra)
    assert share["orp_i"].tolist() == [0.0, 1.0]
