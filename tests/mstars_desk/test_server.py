import asyncio
import json
import os
import socket
import subprocess
import sys

import pytest
import requests
from desk_place import HOSTILE, ROOT, command, environment, make_queue

from mstars.ops.cli import main
from mstars.ops.digest import facts_of
from mstars.review.decisions import label_keys, read_decisions
from mstars_desk import command as desk_command
from mstars_desk.assets import ASSETS, STATIC
from mstars_desk.command import listen


def test_the_page_needs_its_token_and_its_own_host(serve, folder):
    server = serve(folder, "--port", 0)
    assert requests.get(server.url, timeout=20).status_code == 200
    assert requests.get(server.base, timeout=20).status_code == 403
    assert requests.get(server.base + "?token=" + "x" * 24, timeout=20).status_code == 403
    for path, body in (("api/about", None), ("api/next", {"reviewer": "ann"}), ("api/decide", {})):
        assert server.ask(path, body, token="wrong").status_code == 403
    # a name of another site that points to this machine
    assert requests.get(server.url, headers={"Host": "evil.example"}, timeout=20).status_code == 400
    head = requests.get(server.url, timeout=20).headers
    assert "default-src 'none'" in head["Content-Security-Policy"] and "unsafe" not in head["Content-Security-Policy"]
    assert (server.decisions / "desk" / "token").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "path",
    [
        "static/../server.py",
        "static/..%2fserver.py",
        "static/%2e%2e/session.py",
        "..%2f..%2fetc/passwd",
        "static/uPlot.LICENSE",
    ],
)
def test_paths_outside_are_not_served(serve, folder, path):
    server = serve(folder, "--port", 0)
    session = requests.Session()
    request = session.prepare_request(requests.Request("GET", server.base, headers={"X-Desk-Token": server.token}))
    request.url = server.base + path
    assert session.send(request, timeout=20).status_code in (403, 404)


def test_keys_and_templates_are_names_not_paths(serve, folder):
    server = serve(folder, "--port", 0)
    for path in ("api/spectrum?key=../../../etc/passwd", "api/spectrum?key=", "api/template?name=/etc/passwd"):
        assert server.ask(path).status_code == 404
    assert server.ask("api/next", {"reviewer": "../x"}).status_code == 422
    assert server.ask("api/decide", {"reviewer": "ann", "rows": [{}] * 1000, "request": "r"}).status_code == 422
    assert server.ask("api/decide", {"rows": "x" * 2_000_000}).status_code == 413
    assert not list(server.decisions.glob("*.csv"))


@pytest.mark.slow
def test_what_is_acknowledged_survives_a_kill(serve, folder):
    server = serve(folder, "--port", 0)
    acknowledged = []
    for number, key in enumerate(server.ask("api/next", {"reviewer": "ann", "count": 4}).json()["keys"]):
        body = {"reviewer": "ann", "request": f"r{number}", "rows": [{"key": key, "label": "TM", "confidence": 0.5}]}
        assert server.ask("api/decide", body).json()["saved"] == 1
        acknowledged.append(key)
        server.kill()
        assert list(read_decisions("rv", [server.decisions / "ann.csv"])["spectrum_key"]) == acknowledged
        token = server.token
        server = serve(folder, "--port", 0)
        assert server.token == token  # the page that is open goes on
    assert server.ask("api/progress?reviewer=ann").json()["mine"] == 4


@pytest.mark.slow
def test_a_second_server_on_the_queue_is_refused_and_another_queue_is_not(serve, folder, tmp_path):
    server = serve(folder, "--port", 0)
    done = subprocess.run(command(folder, "--port", 0), capture_output=True, text=True, env=environment(), timeout=60)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert f"served already by process {server.process.pid}" in done.stderr
    serve(make_queue(tmp_path / "other", queue="scm"), "--port", 0)


def test_an_answer_does_not_wait_for_the_acknowledgement_of_its_head():
    """Without TCP_NODELAY each answer takes 40 ms: the head is sent, and the body waits until it is acknowledged."""

    async def accepted(listener):
        found = asyncio.get_running_loop().create_future()
        server = await asyncio.start_server(lambda _, writer: found.set_result(writer), sock=listener)
        _, mine = await asyncio.open_connection(*listener.getsockname())
        writer = await found
        option = writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        for each in (mine, writer, server):
            each.close()
        return option

    assert asyncio.run(accepted(listen("127.0.0.1", 0)))


def test_it_listens_on_this_machine_alone(serve, folder):
    server = serve(folder, "--port", 0)
    port = f":{int(server.base.rstrip('/').rsplit(':', 1)[1]):04X}"
    with open("/proc/net/tcp") as table:
        local = [line.split()[1] for line in table if line.split()[3] == "0A" and line.split()[1].endswith(port)]
    assert local == ["0100007F" + port]


def test_hostile_text_is_sent_as_data_and_the_page_never_makes_html_of_it(serve, folder):
    server = serve(folder, "--port", 0)
    key = sorted(server.ask("api/next", {"reviewer": "ann", "count": 100}).json()["keys"])[-1]
    answer = server.ask(f"api/spectrum?key={key}")
    assert answer.headers["Content-Type"] == "application/json" and HOSTILE in str(answer.json())
    for name in ASSETS:
        if name in ("uPlot.iife.min.js",):
            continue
        text = (STATIC / name).read_text()
        assert not {"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("} & set(text.split("."))
        assert "innerHTML" not in text and "insertAdjacentHTML" not in text
        assert "http://" not in text and "https://" not in text  # nothing from elsewhere


def test_folders_that_are_no_queue_are_one_clear_line(tmp_path, capsys):
    assert main(["review", str(tmp_path)]) == 1
    assert "not a queue of the review desk" in capsys.readouterr().err


def test_every_label_has_one_key_and_no_command_has_it():
    source = (STATIC / "desk.js").read_text()
    commands = source.split("const COMMANDS = [")[1].split("\n  ];")[0]
    for queue in ("scm", "dgcm", "rv", "random"):
        keys = [key for key, _ in label_keys(queue).values()]
        assert len(set(keys)) == len(keys)
        assert not [key for key in keys if f'"{key}"' in commands] and not set(keys) & set("123456")


def test_a_missing_extra_is_one_line_and_stops_neither_summary_nor_copy(folder, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(desk_command, "SERVER", ("starlette", "a_package_that_is_not_installed"))
    assert main(["review", str(folder), "--port", "0"]) == 1
    said = capsys.readouterr().err
    assert "pip install a_package_that_is_not_installed\n" in said and said.count("\n") == 1
    assert main(["review", str(folder), "--summary"]) == 0
    assert main(["review", str(folder), "--export", str(tmp_path / "copy.html")]) == 0
    monkeypatch.undo()
    monkeypatch.setattr(desk_command, "SAMP", ("a_package_that_is_not_installed",))
    assert main(["review", str(folder), "--port", "0", "--samp"]) == 1
    assert "pip install a_package_that_is_not_installed\n" in capsys.readouterr().err


def test_summary_and_copy_load_no_server(folder, tmp_path):
    code = f"""
import sys
from mstars.ops.cli import main
from mstars.ops.digest import facts_of
assert main(["review", {str(folder)!r}, "--summary"]) == 0
assert main(["review", {str(folder)!r}, "--export", {str(tmp_path / "copy.html")!r}]) == 0
assert not {{"starlette", "uvicorn"}} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], check=True, env=environment())


def test_the_library_does_not_import_the_desk():
    """The command line names it as text and imports it when `mstars review` is called."""
    for path in (ROOT / "src" / "mstars").rglob("*.py"):
        found = facts_of(path.read_text(), str(path))["imports"]
        assert not [name for name in found if name.startswith("mstars_desk")], path


def test_a_folder_that_can_not_be_written_is_said_at_once(folder, capsys):
    if os.geteuid() == 0:
        (folder.parents[3] / "review").write_text("a file where the folder should be")
    else:
        folder.parents[3].chmod(0o500)
    assert main(["review", str(folder), "--port", "0"]) == 1
    assert "can't be written there" in capsys.readouterr().err


@pytest.mark.parametrize("port", ["80000", "-1", "http", "8O00", "1e3", "٣"])
def test_a_port_that_is_none_is_one_clear_line(folder, capsys, port):
    with pytest.raises(SystemExit):
        main(["review", str(folder), f"--port={port}"])
    said = capsys.readouterr().err.splitlines()
    assert f"'{port}' is no port, a number from 0 to 65535" in said[-1]


NASTY = [None, True, -1, 1e400, "1" * 5000, "\ud800", "../x", "=1+1", [], [[]], {}, {"key": []}, [None], ["x"] * 3]


def post(server, path, body):
    headers = {"X-Desk-Token": server.token}
    return requests.post(server.base + path, data=body.encode("utf-8", "replace"), headers=headers, timeout=20)


def test_no_request_makes_the_server_fail(serve, folder):
    server = serve(folder, "--port", 0)
    fields = {
        "api/next": ["reviewer", "count", "held", "alike"],
        "api/decide": ["reviewer", "request", "rows", "adjudicate"],
        "api/undo": ["reviewer", "request"],
        "api/skip": ["reviewer", "key"],
        "api/samp": ["key"],
    }
    key = server.ask("api/next", {"reviewer": "bob", "count": 1}).json()["keys"][0]
    good = {"reviewer": "ann", "request": "r", "count": 2, "rows": [{"key": key, "label": "TM"}], "key": key}
    for path, names in fields.items():
        for name in names:
            for value in NASTY:
                answer = post(server, path, json.dumps(good | {name: value}))
                assert answer.status_code in (200, 400, 404, 422), (path, name, value, answer.text)
    for name in ("key", "label", "confidence", "comment", "via", "seconds"):
        for number, value in enumerate(NASTY):
            rows = [{"key": key, "label": "TM", name: value}]
            answer = post(server, "api/decide", json.dumps(good | {"rows": rows, "request": f"{name}{number}"}))
            assert answer.status_code in (200, 400, 404, 422), (name, value, answer.text)
    for body in ("[" * 100_000, "{", "", "null", "[]", "\x00", '{"reviewer": NaN'):
        assert post(server, "api/decide", body).status_code in (400, 422)
    for query in ("spectrum?key=%ff%00", "progress?reviewer=%00", "opinions?key=" + "x" * 5000, "about?a=1"):
        assert server.ask(f"api/{query}").status_code in (200, 404, 422)
    read_decisions("rv", sorted(server.decisions.glob("*.csv")))  # whatever was taken is whole
    assert server.ask("api/about").status_code == 200


def test_another_site_can_send_nothing(serve, folder):
    """A page of another site can post a form or text without asking, but no header of a name of its own."""
    server = serve(folder, "--port", 0)
    body = json.dumps({"reviewer": "ann", "request": "r", "rows": []})
    url, evil = server.base + "api/decide", {"Origin": "http://evil.example"}
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        headers = evil | {"Content-Type": kind}
        assert requests.post(f"{url}?token={server.token}", data=body, headers=headers, timeout=20).status_code == 403
    asked = requests.options(url, headers=evil | {"Access-Control-Request-Headers": "x-desk-token"}, timeout=20)
    assert not [name for name in asked.headers if name.lower().startswith("access-control")]
