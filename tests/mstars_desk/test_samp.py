import pytest
from astropy.io import fits
from astropy.table import Table
from desk_place import HOSTILE, make_queue
from pyvo.samp import SAMPHubServer, SAMPIntegratedClient, SAMPWarning

from mstars.core.errors import InputError
from mstars_desk.queue_folder import QueueFolder
from mstars_desk.samp import Sender, write_row, write_spectrum


@pytest.fixture
def hub(tmp_path, monkeypatch):
    monkeypatch.setenv("SAMP_HUB", f"std-lockurl:{(tmp_path / 'samp').as_uri()}")
    server = SAMPHubServer(web_profile=False, mode="single", addr="127.0.0.1", lockfile=str(tmp_path / "samp"))
    server.start()
    yield server
    server.stop()


@pytest.mark.parametrize("blind", [False, True], ids=["of the queue", "for calibration"])
def test_the_current_star_reaches_a_client_of_the_hub(hub, folder, tmp_path, blind):
    import threading

    client = SAMPIntegratedClient(name="TOPCAT's understudy", addr="127.0.0.1")
    client.connect()
    got, all_there = {}, threading.Event()

    def receive(key, sender, identity, mtype, params, extra):
        got[mtype] = params
        if len(got) == 2:
            all_there.set()

    for mtype in ("table.load.votable", "spectrum.load.ssa-generic"):
        client.bind_receive_notification(mtype, receive)
    queue = QueueFolder(folder)
    own = QueueFolder(make_queue(tmp_path / "own", keys=["1-a-sp01-001"]))
    sender = Sender(own, queue) if blind else Sender(queue)
    try:
        assert sender.send(queue.keys[3]).startswith(f"{queue.keys[3]} sent")
        assert all_there.wait(20)
    finally:
        sender.close()
        client.disconnect()
    row = Table.read(got["table.load.votable"]["url"].removeprefix("file://"), format="votable")
    assert len(row) == 1 and row["spectrum_key"][0] == queue.keys[3] and row["rv_tm"][0] == -30.0
    with fits.open(got["spectrum.load.ssa-generic"]["url"].removeprefix("file://")) as file:
        assert file[1].columns.names == ["wavelength", "flux", "ivar", "ormask"] and len(file[1].data) == 3909


def test_a_hub_that_was_closed_is_said_and_a_new_one_is_found(tmp_path, folder, monkeypatch):
    monkeypatch.setenv("SAMP_HUB", f"std-lockurl:{(tmp_path / 'samp').as_uri()}")

    def hub():
        server = SAMPHubServer(web_profile=False, mode="single", addr="127.0.0.1", lockfile=str(tmp_path / "samp"))
        server.start()
        return server

    first, queue = hub(), QueueFolder(folder)
    sender = Sender(queue)
    first.stop()
    with pytest.raises(InputError, match="no SAMP hub answers"):
        sender.send(queue.keys[0])
    second = hub()
    with pytest.warns(SAMPWarning):  # of the hub: there is no other program
        assert "no program at the hub takes" in sender.send(queue.keys[0])
    second.stop()
    sender.close()


def test_without_a_hub_it_says_so(tmp_path, folder, monkeypatch):
    monkeypatch.setenv("SAMP_HUB", f"std-lockurl:{(tmp_path / 'none').as_uri()}")
    with pytest.raises(InputError, match="no SAMP hub answers"):
        Sender(QueueFolder(folder))


def test_hostile_names_stay_text(tmp_path):
    keys = [f"../{HOSTILE}\n"]
    queue = QueueFolder(make_queue(tmp_path, keys=keys))
    row = queue.row(keys[0])
    write_row(row, tmp_path / "a.vot")
    assert Table.read(tmp_path / "a.vot", format="votable")["spectrum_key"][0].strip() == keys[0].strip()
    write_spectrum(queue, row, tmp_path / "a.fits")
    assert "onerror" in fits.getheader(tmp_path / "a.fits", 1)["OBJECT"]
