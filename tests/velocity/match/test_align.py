"""Rest frames of templates."""

import numpy as np
from made_stars import REST, TEMPLATES, star

from mstars.core.constants import C_KMS
from mstars.velocity.match.align import pair_velocities, rest_frames, rest_offsets
from mstars.velocity.match.make_bank import make_bank


def pairs_of(speed, wrong, rng):
    """Velocities of each template with the five next to it; those with number ``wrong`` are anything."""
    count = len(speed)
    other = np.array(
        [sorted((k for k in range(count) if k != j), key=lambda k, j=j: abs(k - j))[:5] for j in range(count)]
    )
    velocity = speed[:, None] - speed[other] + rng.normal(0, 0.3, other.shape)
    spoilt = (np.arange(count)[:, None] == wrong) | (other == wrong)
    velocity[spoilt] += rng.choice([-25.0, 25.0], spoilt.sum())
    return other, velocity, np.full(other.shape, 0.02) * (1 + 0.1 * np.arange(5))


def test_a_template_that_no_offset_brings_to_rest_is_left_out(monkeypatch):
    speed = np.array([0.0, 12.0, -8.0, 0.0, 5.0, 0.0, -15.0, 3.0, 1.0, -2.0])
    bank = make_bank(REST, TEMPLATES[np.arange(10) % 6], [f"t{k}" for k in range(10)], luminosity=["dwarf"] * 10)
    found = pairs_of(speed, 3, np.random.default_rng(2))
    monkeypatch.setattr("mstars.velocity.match.align.pair_velocities", lambda bank, neighbours: found)
    offset, kept = rest_frames(bank, 3.0)
    assert list(np.flatnonzero(~kept)) == [3]
    np.testing.assert_allclose(offset[kept] - offset[0], speed[kept] - speed[0], atol=1.5)
    offset, kept = rest_frames(bank, None)
    assert kept.all()
    np.testing.assert_array_equal(offset, rest_offsets(bank))


def test_neighbours_agree_once_aligned():
    speed = np.array([0.0, 12.0, -8.0, 0.0, 5.0, 0.0, -15.0, 3.0])
    flux = np.array([star(REST / (1 + v / C_KMS), k) for v, k in zip(speed, np.linspace(0.8, 1.2, 8), strict=True)])
    more = {"luminosity": ["dwarf"] * 8, "rest_range": (6500.0, 8899.0)}
    bank = make_bank(REST, flux, [f"t{k}" for k in range(8)], **more)
    assert np.abs(pair_velocities(bank, 1)[1]).max() > 8.0
    offset, kept = rest_frames(bank, 3.0)
    assert kept.all()
    still = make_bank(REST, flux, bank.name, **more, moving=offset)
    assert np.abs(pair_velocities(still, 1)[1]).max() < 1.0
