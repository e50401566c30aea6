"""Model atmospheres by a network that is read without running its file."""

import pickle

import numpy as np
import pytest

from mstars.core.errors import InputError
from mstars.templates.synthesis.atmospheres import COLUMNS, read_atmospheres

LOWER, UPPER = np.array([2500.0, -1.0, -4.0, -0.2]), np.array([8000.0, 5.5, 1.5, 0.6])


def column(value, slope=0.0):
    """A network of two units a layer, whose output is ``value`` and ``slope`` times the scaled Teff in four layers."""
    first = np.zeros((2, 4), np.float32)
    first[:, 0] = 1, -1
    back = np.array([[1.0, -1.0]], np.float32) * slope / (1 - 0.01**2)
    return {
        "labels": ["TEFF", "LOGG", "FE_H", "ALPHA_FE"],
        "ranges": np.column_stack([LOWER, UPPER]),
        **{"x_min": LOWER, "x_max": UPPER, "w_array_0": first, "b_array_0": np.zeros(2, np.float32)},
        **{"w_array_1": np.array([[1, -0.01], [-0.01, 1]], np.float32), "b_array_1": np.zeros(2, np.float32)},
        **{"w_array_2": np.repeat(back, 4, axis=0), "b_array_2": np.full(4, value, np.float32)},
    }


def write(path, content):
    path.write_bytes(pickle.dumps(content))
    return path


def test_outputs_are_decimal_logarithms(tmp_path):
    columns = [column(number, slope=0.5 if number == 1 else 0.0) for number in range(len(COLUMNS) + 2)]
    atmospheres = read_atmospheres(write(tmp_path / "a.pkl", columns))
    found = atmospheres(teff=3600, logg=5.0, m_h=0.0, alpha_m=0.0)
    assert set(found) == set(COLUMNS)
    np.testing.assert_allclose(found["pressure"], 100.0)
    np.testing.assert_allclose(np.log10(found["temperature"]), 1 + 0.5 * ((3600 - 2500) / 5500 - 0.5), rtol=1e-3)


def test_nothing_is_extrapolated(tmp_path):
    atmospheres = read_atmospheres(write(tmp_path / "a.pkl", [column(1.0)] * 8))
    with pytest.raises(InputError, match="teff = 2400 is outside 2500 to 8000"):
        atmospheres(teff=2400, logg=5.0, m_h=0.0, alpha_m=0.0)


class Evil:
    def __reduce__(self):
        return (print, ("run",))


@pytest.mark.parametrize(
    ("content", "said"),
    [([Evil()], "asks for builtins.print"), ([column(1.0)] * 3, "3 columns of 6"), ({"x": 1}, "not the model atmos")],
    ids=["a function", "too few", "another file"],
)
def test_other_files_are_refused(tmp_path, capsys, content, said):
    with pytest.raises(InputError, match=said):
        read_atmospheres(write(tmp_path / "a.pkl", content))
    with pytest.raises(InputError, match="not the model atmospheres"):
        read_atmospheres(tmp_path / "absent.pkl")
    assert not capsys.readouterr().out
