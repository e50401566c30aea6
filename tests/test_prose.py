"""The rules of prose: what is counted, what breaks a rule, and that the pages keep them."""

import importlib.util
import re
import sys

import pytest
from places import ROOT

SPEC = importlib.util.spec_from_file_location("prose", ROOT / "docs" / "prose.py")
prose = sys.modules[SPEC.name] = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(prose)

PAGE = """# A heading of 4 words

Two sentences stand here. The second has `some code(1, 2)` and [a link](page.md#5).

- One entry
  of a list

| a | table of 77 |
|---|---|

```bash
a command 1 2 3 that is no prose.
```

In section 3.4 of Li et al. (2025) it is 12.5 K, or 3 km/s (Fig. 2).
"""


def page(tmp_path, text, name="docs/methods/x.md"):
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return prose.read_page(path, tmp_path)


def told(tmp_path, text, name="docs/methods/x.md"):
    return [line.split(": ", 1)[1] for line in prose.broken(page(tmp_path, text, name))]


def test_what_is_a_sentence(tmp_path):
    found = prose.sentences(page(tmp_path, PAGE))
    assert [(number, len(prose.words(text))) for number, text in found] == [(3, 4), (3, 7), (5, 5), (15, 18)]
    assert prose.numbers(found[-1][1]) == ["12.5", "3"]


def test_measures_of_a_page(tmp_path):
    found = prose.measures(page(tmp_path, PAGE))
    assert found["sentences"] == 4 and found["longest"] == 18 and found["words a sentence"] == 34 / 4
    assert found["numbers in 100 words"] == pytest.approx(100 * 2 / 34)


def test_what_breaks_a_rule(tmp_path):
    short = "Nothing is wrong here.\n"
    assert told(tmp_path, short * 20) == []
    assert told(tmp_path, short * 20 + "\n\n" + "a " * 41 + "end.") == [
        "a sentence of 42 words: " + ("a " * 30)[:60] + " ..."
    ]
    assert told(tmp_path, "word " * 30 + "is one.") != []
    assert told(tmp_path, "x" * 121) == ["a line of 121 characters"]
    assert told(tmp_path, "| " + "x" * 130 + " |") == []
    assert told(tmp_path, "The color is red.") == ["American spelling: color"]
    assert told(tmp_path, "Use `color` here.") == []
    assert told(tmp_path, short * 400) == ["1600 words; a page has 1500 at most"]
    assert told(tmp_path, short * 400, "docs/reference/x.md") == []
    assert told(tmp_path, short + "It has 5 of 6.") == ["22.2 numbers in 100 words; explain, and link to validation/"]
    assert told(tmp_path, short + "It has 5 of 6.", "docs/validation/x.md") == []


def test_abbreviations_are_expanded_where_they_are_used_first(tmp_path):
    assert told(tmp_path, "DGCM decides.") == ["DGCM is not expanded (Dwarf and Giant Classification Module)"]
    assert told(tmp_path, "DGCM, the Dwarf and Giant\nClassification Module, decides.\n\nThen DGCM ends.") == []
    assert told(tmp_path, "`DGCM` is a key.") == []
    assert told(tmp_path, "DGCM decides.\n\nThe Dwarf and Giant Classification Module.") != []


def test_only_paragraphs_with_a_long_line_are_set_anew():
    long, code = "word " * 30, "x" * 200
    lines = [
        "# " + long,
        "",
        "short",
        "lines",
        "",
        "- " + long.strip(),
        "  and more",
        "```",
        code,
        "```",
        "| " + code + " |",
    ]
    assert prose.wrapped(lines) == [
        *lines[:5],
        "- " + " ".join(["word"] * 23),
        "  " + " ".join([*["word"] * 7, "and more"]),
        *lines[7:],
    ]


def test_no_command_gives_a_target_for_a_config_file():
    """Snakemake takes all that follows ``--configfile`` for config files, up to the next option or ``--``."""
    text = "\n".join(path.read_text() for path in prose.pages(ROOT))
    given = re.findall(r"snakemake\b[^\n`]*?--configfile((?: +[^-\s`#][^\s`#]*)+)", text)
    assert len(given) > 10
    assert [names for names in given if not all(name.endswith(".yaml") for name in names.split())] == []


def test_the_page_on_citing_and_its_file_name_the_same_works():
    bib = (ROOT / "docs" / "references.bib").read_text()
    page = (ROOT / "docs" / "citing.md").read_text()
    entries = dict(re.findall(r"^@\w+\{(\w+),\n(.*?)^\}", bib, re.M | re.S))
    named = set(re.findall(r"`([A-Z]\w+\d{4})`", page)) | set(re.findall(r"^@\w+\{(\w+),", page, re.M))
    assert named == set(entries)
    assert all(re.search(rf"\b{field} = ", text) for text in entries.values() for field in ("author", "title", "year"))
    shown = re.search(r"```bibtex\n(.*?)```", page, re.S)[1]
    assert all(entry.strip() in bib for entry in re.split(r"^(?=@)", shown, flags=re.M))
    version = re.search(r'^version = "(.*)"', (ROOT / "pyproject.toml").read_text(), re.M)[1]
    assert f"version = {{{version}}}" in entries["mstars"]
    assert f"version: {version}\n" in (ROOT / "CITATION.cff").read_text()
