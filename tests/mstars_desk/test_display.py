import numpy as np
import pytest
from desk_place import desk_of

from mstars_desk.display import packed, runs


@pytest.fixture
def desk(folder):
    return desk_of(folder)


def test_a_payload_holds_what_the_page_shows(desk):
    import base64

    key = desk.queue.keys[3]
    payload = desk.payload(key)
    assert ["next one at", "1.50 arcsec"] in payload["evidence"]["star"]
    assert ["its G", "17.25 mag"] in payload["evidence"]["star"]
    assert payload["bad"] == [[1500, 20]] and payload["forbidden"] == ["DSAL_I", "TML7500", "DSEL"]
    assert payload["velocities"]["TM"] == [-30.0, 3.0] and payload["same_star"] == [desk.queue.keys[2]]
    flux = np.frombuffer(base64.b64decode(payload["flux"]["data"]), "<f2") * payload["flux"]["scale"]
    from mstars.files.stores import read_batch

    true = read_batch(desk.queue.results / "spectra" / "b.h5").flux[3]
    assert np.allclose(flux, true, rtol=1e-3, atol=0.2)
    with pytest.raises(KeyError):
        desk.payload("../../etc/passwd")


def test_packing_survives_nonsense():

    nonsense = np.array([np.nan, np.inf, -np.inf, 0.0, 1e30, 3.0])
    assert packed(nonsense)["scale"] > 0 and packed(np.full(3, np.nan))["scale"] == 1.0
    assert runs(np.array([1, 1, 0, 1], bool)) == [[0, 2], [3, 1]] and runs(np.zeros(3, bool)) == []
