"""Files of the page, which come with the package."""

from importlib.resources import files

STATIC = files("mstars_desk") / "static"
"""Where they are."""

PAGE = "index.html"
"""The page itself."""

ASSETS = {
    "uPlot.iife.min.js": "text/javascript",
    "uPlot.min.css": "text/css",
    "desk.css": "text/css",
    "spectrum.js": "text/javascript",
    "plots.js": "text/javascript",
    "source.js": "text/javascript",
    "cache.js": "text/javascript",
    "outbox.js": "text/javascript",
    "panel.js": "text/javascript",
    "sheet.js": "text/javascript",
    "desk.js": "text/javascript",
}
"""Files that the page loads, with their types. The server serves these and no others."""


def asset_text(name: str) -> str:
    """The text of a file of the page."""
    return (STATIC / name).read_text(encoding="utf-8")
