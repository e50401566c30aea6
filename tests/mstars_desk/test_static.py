"""The desk as a reviewer meets it: keys pressed in a real browser. `make test-desk` runs these alone."""

import shutil

import numpy as np
import pandas as pd
import pytest
from desk_place import HOSTILE, make_queue

from mstars.files.tables import read_table, write_table
from mstars.review.decisions import read_decisions
from mstars.templates.library import COLUMNS, LIBRARY_GRID, TemplateLibrary, save_library

CHROMIUM, DRIVER = shutil.which("chromium") or shutil.which("chromium-browser"), shutil.which("chromedriver")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        not (CHROMIUM and DRIVER), reason="no chromium and chromedriver (Debian: apt install chromium chromium-driver)"
    ),
]


class Page:
    """A browser window at the desk."""

    def __init__(self, driver):
        self.driver = driver

    def open(self, url, reviewer="ann"):
        self.driver.get(url if "reviewer=" in url else f"{url}&reviewer={reviewer}")
        self.until(lambda state: state["state"] in ("shown", "finished"))
        return self

    @property
    def state(self) -> dict:
        found = self.driver.execute_script("return {...(document.body || {}).dataset}")
        return {"state": "", "key": "", "waiting": "", **found}

    def until(self, condition, seconds=30):
        from selenium.webdriver.support.ui import WebDriverWait

        wait = WebDriverWait(self.driver, seconds, poll_frequency=0.02)
        return wait.until(lambda _: condition(self.state) and self.state)

    def press(self, *keys):
        from selenium.webdriver.common.action_chains import ActionChains

        ActionChains(self.driver).send_keys(*keys).perform()

    def decide(self, key):
        """Press a label's key and wait for the next spectrum."""
        before = self.state["key"]
        self.press(key)
        self.until(lambda state: state["key"] != before and state["state"] in ("shown", "finished"))
        return before

    def saved(self):
        self.until(lambda state: state["waiting"] == "0")

    def text(self, name):
        return self.driver.execute_script("return document.getElementById(arguments[0]).textContent", name)

    def problems(self):
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] == "SEVERE"]


@pytest.fixture
def page(tmp_path):
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1500,950"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    options.add_experimental_option("prefs", {"download.default_directory": str(tmp_path / "downloads")})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    yield Page(driver)
    driver.quit()


def decided(server, name="ann"):
    return read_decisions("rv", [server.decisions / f"{name}.csv"])


def test_thirty_spectra_by_keyboard_then_undo_reload_and_on(page, serve, folder):
    server = serve(folder, "--port", 0)
    page.open(server.url)
    seen = [page.decide("tl"[number % 2]) for number in range(30)]
    page.saved()
    table = decided(server)
    assert list(table["spectrum_key"]) == seen == page_keys(folder)[:30]
    assert list(table["label"]) == ["TM", "LAMOST"] * 15
    page.press("z")
    page.until(lambda state: state["key"] == seen[-1])
    page.driver.refresh()
    page.until(lambda state: state["key"] == seen[-1] and state["state"] == "shown")
    page.until(lambda _: "29 by you" in page.text("counts"))
    page.press("c")
    page.press("looks odd\ue007")
    page.press("]")
    page.decide("t")
    page.saved()
    last = decided(server).iloc[-1]
    assert (last["label"], last["confidence"], last["comment"]) == ("TM", 1.0, "looks odd")
    page.decide("T")  # with Shift: unsure
    page.saved()
    assert decided(server).iloc[-1]["confidence"] == 0.5
    assert page.problems() == []


def page_keys(folder):
    return list(pd.read_csv(folder / "queue.csv")["spectrum_key"])


def test_a_label_without_a_velocity_is_not_taken(page, serve, folder):
    server = serve(folder, "--port", 0)
    page.open(server.url)
    before = page.state["key"]
    page.press("d")
    page.until(lambda _: "no velocity by DSAL_I" in page.text("message"))
    assert page.state["key"] == before and not (server.decisions / "ann.csv").exists()


def test_two_reviewers_at_once_do_not_do_the_same_work(page, serve, folder):
    server = serve(folder, "--port", 0)
    page.open(server.url)
    page.driver.switch_to.new_window("tab")
    page.driver.get(server.url + "&reviewer=bo")
    page.until(lambda state: state.get("state") == "shown")
    bo = [page.decide("l") for _ in range(5)]
    page.saved()
    page.driver.switch_to.window(page.driver.window_handles[0])
    ann = [page.decide("t") for _ in range(5)]
    page.saved()
    assert not set(ann) & set(bo)
    assert set(decided(server, "bo")["spectrum_key"]) == set(bo)
    assert set(decided(server, "ann")["spectrum_key"]) == set(ann)


def test_decisions_made_while_the_server_is_dead_are_saved_when_it_is_back(page, serve, folder):
    server = serve(folder, "--port", 0)
    page.open(server.url)
    seen = [page.decide("t") for _ in range(3)]
    page.saved()
    port = server.base.rstrip("/").rsplit(":", 1)[1]
    server.kill()
    seen += [page.decide("l") for _ in range(2)]
    page.until(lambda state: state["waiting"] == "2")
    assert "not saved yet" in page.text("saved")
    assert list(decided(server)["spectrum_key"]) == seen[:3]
    server = serve(folder, "--port", port)
    page.saved()
    assert list(decided(server)["spectrum_key"]) == seen


def test_a_page_that_ran_out_of_spectra_goes_on_when_the_server_is_back(page, serve, folder):
    server = serve(folder, "--port", 0)
    page.open(server.url)
    port = server.base.rstrip("/").rsplit(":", 1)[1]
    seen = [page.decide("t")]
    page.saved()
    server.kill()
    while page.state["state"] != "waiting":
        before = page.state["key"]
        seen.append(before)
        page.press("l")
        page.until(lambda state, before=before: state["key"] != before or state["state"] == "waiting")
    assert page.text("key") == "waiting for the server" and len(seen) > 4
    serve(folder, "--port", port)
    page.until(lambda state: state["state"] == "shown" and state["key"] not in seen)
    page.decide("t")
    page.saved()
    assert list(decided(server)["spectrum_key"])[: len(seen)] == seen


def test_a_spectrum_that_can_not_be_read_is_said_and_the_others_go_on(page, serve, folder):
    table = read_table(folder / "desk.parquet")
    lost = list(table["spectrum_key"])[:12]  # the first ones, as many as the server gives at once and more
    table["batch"] = table["batch"].where(~table["spectrum_key"].isin(lost), "gone")
    write_table(table, folder / "desk.parquet")
    page.open(serve(folder, "--port", 0).url)
    assert page.state["key"] == page_keys(folder)[12] and "can't be shown" in page.text("message")
    assert page.decide("t") == page_keys(folder)[12]
    while page.state["state"] == "shown":
        page.decide("l")
    page.until(lambda _: "nothing is left" in page.text("key"))


def test_what_was_put_off_comes_when_nothing_else_is_left(page, serve, tmp_path):
    server = serve(make_queue(tmp_path, count=5), "--port", 0)
    page.open(server.url)
    put_off = [page.decide(" "), page.decide(" ")]
    rest = [page.decide("t") for _ in range(3)]
    assert page.state["key"] == put_off[0] and not set(rest) & set(put_off)
    page.decide(" ")
    assert page.state["key"] == put_off[1]
    page.decide("t")
    page.decide("t")
    page.until(lambda state: state["state"] == "finished")
    page.saved()
    assert len(decided(server)) == 5


def test_templates_are_laid_over_one_by_one_and_by_kind(page, serve, folder):
    table = pd.DataFrame({name: [None] * 3 for name in COLUMNS})
    table["name"], table["kind"], table["source"] = ["first", "second", "third"], ["dM", "dM", "WD"], "test"
    flux = np.ones((3, len(LIBRARY_GRID)), "f4") * (LIBRARY_GRID / 9000.0) ** 3
    save_library(TemplateLibrary(LIBRARY_GRID, flux, table), folder.parents[3] / "none.h5")
    page.open(serve(folder, "--port", 0).url)
    assert page.text("overlay") == "no template"  # the queue names one that the library doesn't have
    for key, shown in ((".", "third (WD)"), (".", "first (dM)"), (".", "second (dM)"), (">", "third"), (">", "first")):
        page.press(key)
        page.until(lambda _, shown=shown: page.text("overlay").startswith(shown))
    assert "at TM -30 km/s" in page.text("overlay")
    page.press("\ue004")  # Tab: the next velocity
    page.until(lambda _: "at DSAL II 10 km/s" in page.text("overlay"))
    assert page.problems() == []


def test_a_name_that_is_none_is_asked_for(page, serve, folder):
    page.driver.get(serve(folder, "--port", 0).url + "&reviewer=%3Cb%3Eann")
    page.until(lambda state: state["state"] == "login")
    page.press("ann\ue007")
    page.until(lambda state: state["state"] == "shown")
    assert page.text("who") == "ann"


def test_the_contact_sheet_decides_what_is_alike(page, serve, folder):
    server = serve(folder, "--port", 0)
    page.open(server.url)
    page.press("v")
    state = page.until(lambda state: state["state"] == "sheet")
    keys = state["key"].split()
    assert len(keys) == 20
    first = page.driver.find_elements("css selector", "#sheet figure")[0]
    assert "LAMOST 20 km/s" in first.text and len(first.find_elements("css selector", "canvas")) == 3
    page.driver.find_element("css selector", f"figure[data-key='{keys[2]}']").click()
    page.press("l")
    page.until(lambda state: state["state"] == "shown" and state["key"] == keys[2])
    page.saved()
    assert set(decided(server)["spectrum_key"]) == set(keys) - {keys[2]}


def test_help_and_views_answer_to_keys(page, serve, folder):
    page.open(serve(folder, "--port", 0).url)
    page.press("?")
    assert page.driver.find_element("id", "help").is_displayed() and "wrong wavelength" in page.text("help")
    page.press("?")
    assert not page.driver.find_element("id", "help").is_displayed()
    row = page.driver.find_elements("css selector", "#velocities tr")[0]
    assert "off" not in row.get_attribute("class")
    page.press("1")
    assert "off" in page.driver.find_elements("css selector", "#velocities tr")[0].get_attribute("class")
    before = page.state["key"]
    page.press(" ")
    page.until(lambda state: state["key"] != before)
    page.press("\ue00e")  # page up: look back
    page.until(lambda state: state["key"] == before)
    assert page.problems() == []


def test_disagreements_are_settled_with_the_votes_in_sight(page, serve, tmp_path):
    server = serve(make_queue(tmp_path, overlap=1.0), "--port", 0)
    key = server.ask("api/next", {"reviewer": "bo"}).json()["keys"][0]
    for reviewer, label in (("bo", "TM"), ("cy", "LAMOST")):
        body = {
            "reviewer": reviewer,
            "request": label,
            "rows": [{"key": key, "label": label, "comment": "<b>sure</b>"}],
        }
        assert server.ask("api/decide", body).ok
    page.open(server.url)
    page.press("j")
    page.until(lambda state: state["key"] == key)
    page.until(lambda _: "bo: TM" in page.text("opinions") and "cy: LAMOST" in page.text("opinions"))
    page.decide("s")
    page.saved()
    assert list(decided(server)["reviewer"]) == ["adjudicator:ann"]
    page.until(lambda _: "no disagreements" in page.text("key"))


def test_hostile_names_are_shown_as_text(page, serve, tmp_path):
    keys = [f"56000-{HOSTILE}-sp01-001", "56000-x-sp01-002"]
    server = serve(make_queue(tmp_path, keys=keys), "--port", 0)
    page.open(server.url)
    shown = {page.text("key")}
    page.decide("t")
    shown.add(page.text("key"))
    assert shown == set(keys) and page.driver.title != "owned"
    assert page.driver.execute_script("return document.querySelectorAll('#single img, script:not([src])').length") == 0
    page.press("v")
    page.saved()
    assert page.driver.title != "owned" and set(decided(server)["spectrum_key"]) < set(keys)


def test_a_static_copy_decides_without_a_server_and_gives_the_csv(page, folder, tmp_path, capsys):
    from mstars.ops.cli import main
    from mstars_desk.queue_folder import QueueFolder

    copy = tmp_path / "copy" / "rv.html"
    assert main(["review", str(folder), "--export", str(copy), "--most", "12"]) == 0
    assert "12 spectra" in capsys.readouterr().out
    url = f"file://{copy}?reviewer=zoe"
    page.open(url)
    seen = [page.decide("t") for _ in range(3)]
    page.press("z")
    page.until(lambda state: state["key"] == seen[-1])
    page.press("c")
    page.press('say "no", <b>\ue007')
    page.decide("l")
    page.driver.get(url)  # closed and opened again
    page.until(lambda state: state["state"] == "shown")
    assert page.state["key"] == page_keys(folder)[3]
    while page.state["state"] == "shown":
        page.decide("t")
    page.driver.find_element("id", "download").click()
    target = tmp_path / "downloads" / "zoe.csv"
    page.until(lambda _: target.is_file() and target.stat().st_size > 0)
    table = read_decisions("rv", [target])
    assert set(table["spectrum_key"]) == set(page_keys(folder)[:12]) and set(table["reviewer"]) == {"zoe"}
    assert 'say "no", <b>' in set(table["comment"])
    decisions = QueueFolder(folder).decisions
    decisions.mkdir(parents=True, exist_ok=True)
    shutil.copy(target, decisions / "zoe.csv")
    assert main(["review", str(folder), "--export", str(copy)]) == 0
    assert "28 spectra" in capsys.readouterr().out
    assert page.problems() == []
