"""Is the documentation readable? Measures of each page, and the rules that pages keep (``make lint``).

``python docs/prose.py`` names what breaks a rule; with ``--table`` it prints the measures as a Markdown table.
``--wrap`` mends lines that are too long.
"""

from __future__ import annotations

import argparse
import csv
import re
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LINE, SENTENCE, MEAN, WORDS, NUMBERS = 120, 40, 18, 1500, 4
GENERATED = ("docs/configuration.md", "docs/columns.md")
"""Written by ``make pages``; their texts are the code's."""

LOOKED_UP = (*GENERATED, "docs/scorecard.md", "docs/reference/", "docs/glossary.md", "CHANGELOG.md")
"""Reference: any number of words, and a line an entry."""

CAPTIONS = ("workflow/report/", "catalog_columns.csv")
"""Short texts beside a figure, a table or a column: any number of words and numbers, and no rule of abbreviations."""

MEASURED = ("docs/validation/", "docs/development/", "docs/engines/", "CONTRIBUTING.md")
"""Here measurements belong: any density of numbers."""

EXPANDED = {
    "SCM": "Spectral Classification Module",
    "DGCM": "Dwarf and Giant Classification Module",
    "RVMM": "Radial Velocity Measurement Module",
    "SPMM": "Stellar Parameter Measurement Module",
    "TM": "template matching",
    "DSAL": "absorption lines",
    "DSEL": "emission lines",
    "CMD": "colour-magnitude diagram",
    "S/N": "signal-to-noise",
    "RUWE": "renormalised unit weight error",
}
"""Abbreviations, and the words that have to stand on a page no later than the paragraph or table of their first use."""

AMERICAN = (
    r"colors?|center(?:s|ed)?|gray|normaliz\w+|analyz\w+|recogniz\w+|behavior|modeled|labeled|unlabeled|artifacts?"
)
ABBREVIATED = r"\b(?:et al|e\.g|i\.e|cf|vs|Fig|Figs|Eq|Eqs|approx|No)\."


@dataclass
class Page:
    """A page as its readers see it.

    Attributes
    ----------
    name : str
        Path in the checkout.
    lines : list of str
        As in the file.
    paragraphs : list of tuple
        Number of the first line and text of each paragraph, list entry and heading; no code, tables or directives.
    """

    name: str
    lines: list[str]
    paragraphs: list[tuple[int, str]]


def read_page(path: Path, root: Path = ROOT) -> Page:
    """Read a Markdown page; code, tables, comments and options of directives are no prose."""
    lines = path.read_text().splitlines()
    found = [(first + 1, " ".join(line.strip() for line in lines[first:end])) for first, end in paragraphs_of(lines)]
    return Page(str(path.relative_to(root)), lines, [(number, plain(text)) for number, text in found])


def paragraphs_of(lines: list[str]) -> list[tuple[int, int]]:
    """Index of the first line of each paragraph, list entry and heading, and the index after its last."""
    found, code, start = [], "", True
    for place, line in enumerate(lines):
        text = line.strip()
        if match := re.match(r"(`{3,}|\$\$)", text):
            one_line = text.startswith("$$") and text.endswith("$$") and len(text) > 2
            code, start = code if one_line else "" if code else match[1], True
        elif code or re.match(r"(\||:{3,}|:[\w-]+:|<|!?\[[^]]*\]\([^)]*\)$|$)", text):
            start = True
        elif start or re.match(r"([-*] |\d+\. |#)", text):
            found.append((place, place + 1))
            start = text.startswith("#")
        else:
            found[-1] = (found[-1][0], place + 1)
    return found


def wrapped(lines: list[str]) -> list[str]:
    """The lines of a page with the paragraphs set anew that have a line too long; the others stay as they are."""
    result = list(lines)
    for first, end in reversed(paragraphs_of(lines)):
        if any(is_long(line) for line in lines[first:end]) and not lines[first].lstrip().startswith("#"):
            indent = re.match(r"\s*(?:[-*] +|\d+\. +)?", lines[first])[0]
            text = " ".join(line.strip() for line in lines[first:end])[len(indent.lstrip()) :]
            text = text.replace(" %", "\N{NO-BREAK SPACE}%")
            ends = {"initial_indent": indent, "subsequent_indent": " " * len(indent), "width": LINE}
            set_anew = textwrap.wrap(text, break_long_words=False, break_on_hyphens=False, **ends)
            result[first:end] = [line.replace("\N{NO-BREAK SPACE}", " ") for line in set_anew]
    return result


def plain(text: str) -> str:
    """Text without marks: code, formulas and links become words."""
    text = re.sub(r"^([-*]|\d+\.|#+) +", "", text)
    text = re.sub(r"!?\[([^]]*)\]\([^)]*\)", r"\1", text)
    text = re.sub(r"`+[^`]*`+|\$[^$]+\$", "code", text)
    return text.replace("**", "").replace("*", "").replace("{term}", "")


def sentences(page: Page) -> list[tuple[int, str]]:
    """First line and text of each sentence; headings are none."""
    found = []
    for number, text in page.paragraphs:
        if page.lines[number - 1].lstrip().startswith("#"):
            continue
        text = re.sub(ABBREVIATED, lambda match: match[0].replace(".", ""), text)
        found += [(number, part) for part in re.split(r"(?<=[.!?])[\")]*\s+(?=[\"(A-Z0-9\[]|code\b)", text) if part]
    return found


def words(text: str) -> list[str]:
    """Words and numbers of a text."""
    return re.findall(r"[^\s/-]*\w[^\s/-]*", text)


def numbers(text: str) -> list[str]:
    """Numbers of a text, but for years of citations and the numbers of sections, tables, figures and equations."""
    counted = r"(?:[Ss]ections?|Tables?|Fig(?:ure)?s?|Eqs?|[Pp]anels?|[Ss]teps?)\.?"
    text = re.sub(counted + r" \d[\d.]*(?:(?:,| and| to) \d[\d.]*)*", "", text)
    text = re.sub(r"\(?\b(?:19|20)\d\d[a-z]?\b\)?", "", text)
    return re.findall(r"(?<![\w.])[-+]?\d[\d,.]*", text)


def syllables(word: str) -> int:
    """Groups of vowels, less a silent e: an estimate."""
    return max(1, len(re.findall(r"[aeiouy]+", word.lower())) - bool(re.search(r"[^l]e$", word.lower())))


def measures(page: Page) -> dict[str, float]:
    """Words, sentences, their lengths, Flesch's reading ease, share of tables, numbers in 100 words, long lines."""
    said = sentences(page)
    lengths = [len(words(text)) for _, text in said] or [0]
    prose = [word for _, text in said for word in words(text)]
    n_words, n_sentences = max(len(prose), 1), max(len(said), 1)
    everything = words(" ".join(page.lines))
    tables = words(" ".join(line for line in page.lines if line.lstrip().startswith("|")))
    ease = 206.835 - 1.015 * n_words / n_sentences - 84.6 * sum(map(syllables, prose)) / n_words
    return {
        "words": len(everything),
        "sentences": len(said),
        "words a sentence": sum(lengths) / n_sentences,
        "longest": max(lengths),
        "over 40 words": sum(length > SENTENCE for length in lengths),
        "lines over 120": sum(is_long(line) for line in page.lines),
        "Flesch": ease,
        "tables, %": 100 * len(tables) / max(len(everything), 1),
        "numbers in 100 words": 100 * sum(len(numbers(text)) for _, text in said) / n_words,
    }


def is_long(line: str) -> bool:
    """Whether a line is too long; a table's row and an address can't be broken."""
    return len(line) > LINE and not line.lstrip().startswith("|") and "://" not in line


def broken(page: Page) -> list[str]:
    """What breaks a rule, one line each."""
    said, found = sentences(page), measures(page)
    looked_up, measured, caption = (page.name.startswith(names) for names in (LOOKED_UP, MEASURED, CAPTIONS))
    prose = found["words"] * (1 - found["tables, %"] / 100)
    tell = [f"{number}: a line of {len(line)} characters" for number, line in enumerate(page.lines, 1) if is_long(line)]
    if page.name.startswith(GENERATED):
        return []
    for number, text in said:
        if len(words(text)) > SENTENCE:
            tell.append(f"{number}: a sentence of {len(words(text))} words: {text[:60]} ...")
    if found["words a sentence"] >= MEAN and not caption:
        tell.append(f"1: {found['words a sentence']:.1f} words a sentence; write less than {MEAN}")
    if not looked_up and prose > WORDS:
        tell.append(f"1: {prose:.0f} words; a page has {WORDS} at most")
    if not (looked_up or measured or caption) and found["numbers in 100 words"] > NUMBERS:
        tell.append(f"1: {found['numbers in 100 words']:.1f} numbers in 100 words; explain, and link to validation/")
    tell += [
        f"{number}: American spelling: {match[0]}"
        for number, text in page.paragraphs
        for match in re.finditer(rf"\b(?:{AMERICAN})\b", text)
    ]
    return [f"{page.name}:{line}" for line in [*tell, *unexpanded(page)]]


def unexpanded(page: Page) -> list[str]:
    """Abbreviations that a page uses before it says what they are."""
    text = re.sub(
        r"^```.*?^```|`[^`\n]*`",
        lambda match: re.sub(r"[^\n]", " ", match[0]),
        "\n".join(page.lines),
        flags=re.M | re.S,
    )
    tell = []
    for short, meaning in EXPANDED.items():
        used = re.search(rf"(?<![\w-]){re.escape(short)}(?![\w-])", text)
        if not used or page.name.startswith(("docs/glossary.md", "CHANGELOG.md")):
            continue
        end = text.find("\n\n", used.start())
        said = " ".join(text[: end if end > 0 else len(text)].split())
        if meaning.lower() not in said.lower():
            tell.append(f"{text.count(chr(10), 0, used.start()) + 1}: {short} is not expanded ({meaning})")
    return tell


def captions(root: Path) -> list[Page]:
    """Captions of figures and tables, and descriptions of columns, each as a page of one paragraph."""
    found = []
    for path in sorted(root.glob("workflow/report/*.rst")):
        text = re.sub(r"{{.*?}}", "Words", path.read_text(), flags=re.S).replace("``", "`")
        found.append(Page(str(path.relative_to(root)), [""], [(1, plain(" ".join(text.split())))]))
    table = root / "resources" / "catalog_columns.csv"
    rows = csv.DictReader(line for line in table.read_text().splitlines() if not line.startswith("#"))
    return [*found, *(Page(f"{table.name} {row['name']}", [""], [(1, plain(row["description"]))]) for row in rows)]


def pages(root: Path) -> list[Path]:
    """All Markdown pages of the documentation."""
    return [
        *(root / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
        *sorted(root.glob("docs/**/*.md")),
    ]


def table(read: list[Page]) -> str:
    """The measures as a Markdown table."""
    rows = [measures(page) for page in read]
    lines = ["| page | " + " | ".join(rows[0]) + " |", "|---" + "|---:" * len(rows[0]) + "|"]
    for page, row in zip(read, rows, strict=True):
        cells = (f"{value:.1f}" if isinstance(value, float) else str(value) for value in row.values())
        lines.append(f"| {page.name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> int:
    """Name what breaks a rule, or print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--table", action="store_true", help="print the measures of each page")
    parser.add_argument("--wrap", action="store_true", help="first set paragraphs anew that have a line too long")
    parser.add_argument("--root", type=Path, default=ROOT, help="a checkout (default: this one)")
    arguments = parser.parse_args()
    root = arguments.root.resolve()
    files = [path for path in pages(root) if path.is_file() and not str(path.relative_to(root)).startswith(GENERATED)]
    for path in files if arguments.wrap else ():
        text = path.read_text()
        path.write_text("\n".join(wrapped(text.splitlines())) + "\n" * text.endswith("\n"))
    read = [read_page(path, root) for path in pages(root) if path.is_file()]
    if arguments.table:
        print(table(read))
        return 0
    read += captions(root)
    tell = [line for page in read for line in broken(page)]
    print("\n".join(tell) or f"prose: {len(read)} pages, nothing to mend", file=sys.stderr if tell else sys.stdout)
    return bool(tell)


if __name__ == "__main__":
    sys.exit(main())
