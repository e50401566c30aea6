"""The review desk with 10,000 candidates in headless Chromium: start, opening, next spectrum, memory, saving.

The queue has a library of templates and the networks' features, and learns a new order as a real one does.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "mstars_desk"))

from desk_place import command, environment, make_queue  # noqa: E402

from mstars.files.json_files import read_json, write_json  # noqa
from mstars.files.tables import read_table, write_table  # noqa
from mstars.review.network_features import write_network_features  # noqa
from mstars.templates.library import COLUMNS, LIBRARY_GRID, TemplateLibrary, save_library  # noqa  # noqa

N_TEMPLATES = 485  # as many as the workflow's own library has


def queue_of(place: Path, count: int) -> Path:
    """A queue of ``count`` spectra with templates and features, and the settings of the config's defaults."""
    settings = {"audit": 0.1, "overlap": 0.05, "active": {"after": 200, "every": 50}}
    folder = make_queue(place, count=count, **settings)
    random = np.random.default_rng(2)
    shape = 0.2 + (LIBRARY_GRID / 9000.0) ** random.uniform(1, 5, (N_TEMPLATES, 1))
    table = pd.DataFrame({name: [None] * N_TEMPLATES for name in COLUMNS})
    table["name"] = [f"template{number}" for number in range(N_TEMPLATES)]
    table[["source", "kind"]] = "benchmark", "dM"
    save_library(TemplateLibrary(LIBRARY_GRID, shape.astype("f4"), table), place / "library.h5")
    facts = read_json(folder / "desk.json")
    write_json(facts | {"templates": "library.h5"}, folder / "desk.json")
    evidence = read_table(folder / "desk.parquet")
    evidence["tm_template"] = [f"template{number % N_TEMPLATES}" for number in range(count)]
    write_table(evidence, folder / "desk.parquet")
    write_network_features(
        list(evidence["spectrum_key"]), random.normal(size=(count, 32)).astype("f4"), folder / "features.h5"
    )
    return folder


def served(folder: Path):
    """A server of the queue, its address, and the seconds it took to answer."""
    start = time.perf_counter()
    process = subprocess.Popen(command(folder, "--port", 0), stdout=subprocess.PIPE, text=True, env=environment())
    for line in process.stdout:
        if "token=" in line:
            return process, line.strip(), time.perf_counter() - start
    raise SystemExit("the server did not start")


def browser():
    """Headless Chromium."""
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1500,950"):
        options.add_argument(argument)
    return webdriver.Chrome(options=options, service=webdriver.ChromeService(shutil.which("chromedriver")))


REVIEW = """
const [count, patience] = arguments, done = arguments[arguments.length - 1], times = [];
const settled = () => document.body.dataset.state === "shown" && document.body.dataset.key !== before;
let before = document.body.dataset.key, start = performance.now();
const press = () => { before = document.body.dataset.key; start = performance.now();
  dispatchEvent(new KeyboardEvent("keydown", { key: "tl"[times.length % 2] })); wait(); };
const wait = () => {
  if (!settled() && performance.now() - start > patience) {
    done({ ...document.body.dataset, message: document.getElementById("message").textContent }); return; }
  if (!settled()) { requestAnimationFrame(wait); return; }
  times.push(performance.now() - start);
  if (times.length < count) setTimeout(press, 150); else done(times); };
press();
"""


def renderer_memory(driver) -> float:
    """Resident memory of the browser's largest renderer process, MB."""
    own = driver.service.process.pid
    table = subprocess.run(["ps", "-eo", "pid,ppid,rss,args"], capture_output=True, text=True, check=True).stdout
    rows = [line.split(None, 3) for line in table.splitlines()[1:]]
    family, grown = {own}, True
    while grown:
        more = {int(row[0]) for row in rows if int(row[1]) in family} - family
        family, grown = family | more, bool(more)
    sizes = [int(row[2]) for row in rows if int(row[0]) in family and "--type=renderer" in row[3]]
    return max(sizes) / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--candidates", type=int, default=10_000)
    parser.add_argument("--reviewed", type=int, default=1000)
    arguments = parser.parse_args()
    from selenium.webdriver.support.ui import WebDriverWait

    with tempfile.TemporaryDirectory() as place:
        folder = queue_of(Path(place), arguments.candidates)
        process, url, started = served(folder)
        driver = browser()
        driver.set_script_timeout(100)
        try:
            start = time.perf_counter()
            driver.get(url + "&reviewer=ann")
            state = lambda: driver.execute_script("return document.body.dataset.state")  # noqa: E731
            WebDriverWait(driver, 60, poll_frequency=0.02).until(lambda _: state() == "shown")
            opened = time.perf_counter() - start
            times = []
            while len(times) < arguments.reviewed:  # in parts, each shorter than what the driver waits
                more = driver.execute_async_script(REVIEW, min(50, arguments.reviewed - len(times)), 20_000)
                if isinstance(more, dict):
                    raise SystemExit(f"after {len(times)} or more spectra the page stands still: {more}")
                times += more
            WebDriverWait(driver, 60).until(
                lambda _: driver.execute_script("return document.body.dataset.waiting") == "0"
            )
            saved = sum(1 for _ in open(folder.parents[3] / "review/demo/rv/ann.csv")) - 1
            heap = driver.execute_cdp_cmd("Performance.enable", {}) or driver.execute_cdp_cmd(
                "Performance.getMetrics", {}
            )
            heap = {entry["name"]: entry["value"] for entry in heap["metrics"]}["JSHeapUsedSize"]
            result = {
                "candidates": arguments.candidates,
                "server_start_s": round(started, 2),
                "open_s": round(opened, 2),
                "next_ms_median": round(float(np.median(times)), 1),
                "next_ms_95": round(float(np.quantile(times, 0.95)), 1),
                "next_ms_max": round(float(np.max(times)), 1),
                "next_over_100_ms": {int(n): round(times[n]) for n in np.flatnonzero(np.array(times) > 100)},
                "reviewed": saved,
                "renderer_mb": round(renderer_memory(driver)),
                "heap_mb": round(heap / 1e6),
            }
        finally:
            driver.quit()
            process.kill()
            process.wait()
    print(json.dumps(result))


if __name__ == "__main__":
    main()
