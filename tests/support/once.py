"""What all test workers share is made by one of them."""

from collections.abc import Callable
from pathlib import Path

from filelock import FileLock


def once(tmp_path_factory, worker: str, name: str, make: Callable[[Path], None]) -> Path:
    """A folder that ``make`` fills, the same for all workers of this session; the others wait for the first.

    Parameters
    ----------
    tmp_path_factory
        pytest's.
    worker
        pytest-xdist's ``worker_id``; ``master`` where tests do not run side by side.
    name
        Of the folder.
    make
        Gets an empty folder. Where it fails, the next worker tries again in another one.
    """
    if worker == "master":
        folder = tmp_path_factory.mktemp(name)
        make(folder)
        return folder
    shared = tmp_path_factory.getbasetemp().parent
    done = shared / f"{name}.done"
    with FileLock(shared / f"{name}.lock"):
        if not done.exists():
            folder = tmp_path_factory.mktemp(name)
            make(folder)
            done.write_text(str(folder))
        return Path(done.read_text())
