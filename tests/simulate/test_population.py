"""Stars and their labels."""

import numpy as np

from mstars.simulate.population import draw_dwarfs, draw_giants


def test_labels_follow_isochrones():
    rng = np.random.default_rng(1)
    dwarfs, giants = draw_dwarfs(rng, 2000), draw_giants(rng, 2000)
    assert dwarfs["logg"].between(4.4, 5.5).all() and giants["logg"].between(0.0, 1.8).all()
    assert np.corrcoef(dwarfs["teff"], dwarfs["logg"])[0, 1] < -0.7
    assert np.corrcoef(giants["teff"], giants["logg"])[0, 1] > 0.5
    assert np.corrcoef(dwarfs["m_h"], dwarfs["alpha_m"])[0, 1] < -0.4
    # Li et al. 2025, Fig. 6: dwarfs in their quadrilateral, giants above M_G = 1.8 (BP-RP) - 2.2
    m_g, colour = dwarfs["m_g"], dwarfs["bp_rp"]
    left, right = 0.7 + (m_g - 5) / 11.5 * 3.3, 1.4 + (m_g - 5) / 11.5 * 3.6
    assert ((colour > left) & (colour < right)).mean() > 0.97
    assert (giants["m_g"] < 1.8 * giants["bp_rp"] - 2.2).mean() > 0.99
