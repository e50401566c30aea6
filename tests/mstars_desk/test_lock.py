import subprocess
import sys

import pytest

from mstars.core.errors import InputError
from mstars_desk.lock import Lock


def test_the_lock_names_its_holder_and_goes_with_the_process(tmp_path):
    path = tmp_path / "lock"
    hold = f"""
from mstars_desk.lock import Lock
import os, sys
lock = Lock({str(path)!r}, {{"pid": os.getpid(), "host": "here", "address": "http://127.0.0.1:1/"}})
print("held", flush=True)
sys.stdin.read()
"""
    holder = subprocess.Popen([sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(InputError, match=rf"by process {holder.pid} on here at http://127.0.0.1:1/"):
        Lock(path, {})
    holder.kill()
    holder.communicate()
    Lock(path, {}).release()
