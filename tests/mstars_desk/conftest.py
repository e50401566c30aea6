"""Servers of the review desk, and a small queue."""

import re
import subprocess
from pathlib import Path

import pytest
from desk_place import Server, command, environment, make_queue


@pytest.fixture
def serve():
    """Start servers; they end with the test."""
    running = []

    def start(folder, *arguments) -> Server:
        process = subprocess.Popen(
            command(folder, *arguments), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment()
        )
        running.append(process)
        said = []
        for line in process.stdout:  # ends with the process, or with the address
            said.append(line)
            found = re.search(r"http://\S+token=\S+", line)
            if found:
                return Server(process, found.group(), Path(folder))
        raise AssertionError("".join(said))

    yield start
    for process in running:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.fixture
def folder(tmp_path):
    return make_queue(tmp_path)
