"""A table for people as CSV, LaTeX (AASTeX deluxetable), Markdown and HTML."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from mstars.files.pages import rendered
from mstars.files.whole import atomic_path

_LATEX = {"&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}"}
_LATEX |= {"^": r"\textasciicircum{}", "\\": r"\textbackslash{}", "<": r"$<$", ">": r"$>$", "|": r"$|$"}
_LATEX |= {"±": r"$\pm$", "Δ": r"$\Delta$", "Å": r"\AA{}", "→": r"$\to$"}
_PHRASES = (
    (r"(?<![\w.$])-(?=\d)", r"$-$"),
    (r"(?<![A-Za-z])Teff\b", r"$T_{\\rm eff}$"),
    (r"\blog g\b", r"$\\log g$"),
    (r"\[alpha/M\]", r"[$\\alpha$/M]"),
    (r"\bH alpha\b", r"H$\\alpha$"),
    (r"S/N\\_i\b", r"S/N$_i$"),
    (r"km/s|km s-1", r"km s$^{-1}$"),
)
"""Pieces of text that LaTeX sets as formulae: a pattern in the escaped text, and its replacement."""

_LONG = 42
"""A table with more rows may cross pages."""

_WORDY = 40
"""A column with longer text is set as paragraphs."""


@dataclass
class Table:
    """A table for people.

    Attributes
    ----------
    title : str
        Stands above the table. A table of the paper begins with 'Table N. '.
    columns : tuple of str
        Heads.
    rows : list of sequence
        Text or numbers, one sequence a row.
    notes : tuple of str
        Stand below the table.
    """

    title: str
    columns: tuple[str, ...]
    rows: list[Sequence] = field(default_factory=list)
    notes: tuple[str, ...] = ()

    def texts(self) -> list[list[str]]:
        """The rows as text. A missing value is empty."""
        return [[_text(value) for value in row] for row in self.rows]

    def numeric(self) -> list[bool]:
        """Whether each column holds only numbers."""
        columns = zip(*self.texts(), strict=True) if self.rows else [()] * len(self.columns)
        return [any(column) and all(map(_is_number, filter(None, column))) for column in columns]


def _text(value) -> str:
    if value is None or value is pd.NA or (isinstance(value, float | np.floating) and not np.isfinite(value)):
        return ""
    if isinstance(value, float | np.floating):
        whole = float(value).is_integer() or abs(value) >= 1e4
        return f"{value:.0f}" if whole and abs(value) < 1e15 else f"{value:.4g}"
    return str(value)


def _is_number(text: str) -> bool:
    return re.fullmatch(r"[-+]?[\d.]+(e[-+]?\d+)?( ± [\d.]+)?", text) is not None


def number_text(value: float, digits: int) -> str:
    """A number as text; a zero has no sign.

    Parameters
    ----------
    value : float
    digits : int
        Decimals.
    """
    text = f"{value:.{digits}f}"
    return text.lstrip("-") if not text.strip("-0.") else text


def to_latex(table: Table, label: str) -> str:
    """An AASTeX deluxetable. A long one may cross pages.

    Parameters
    ----------
    table : Table
    label : str
        For references.
    """
    number = re.match(r"Table (\d+)\. ", table.title)
    title = table.title[number.end() :] if number else table.title
    texts = table.texts()
    longest = [max(map(len, column), default=0) for column in zip(*texts, strict=True)] or [0] * len(table.columns)
    plain = ["r" if right else "l" for right in table.numeric()]
    kinds = ["p{7.5cm}" if n > _WORDY else kind for n, kind in zip(longest, plain, strict=True)]
    head = " & ".join(rf"\colhead{{{_escape(name)}}}" for name in table.columns)
    rows = " \\\\\n".join(" & ".join(map(_escape, row)) for row in texts)
    notes = f"\\tablecomments{{{_escape(' '.join(table.notes))}}}\n" if table.notes else ""
    return (
        ("\\startlongtable\n" if len(texts) > _LONG else "") + f"\\begin{{deluxetable*}}{{{''.join(kinds)}}}\n"
        f"\\tabletypesize{{\\{'footnotesize' if sum(longest) < 90 else 'scriptsize'}}}\n"
        + (f"\\tablenum{{{number[1]}}}\n" if number else "")
        + f"\\tablecaption{{{_escape(title)}\\label{{{label}}}}}\n"
        f"\\tablehead{{{head}}}\n\\startdata\n{rows}\n\\enddata\n{notes}\\end{{deluxetable*}}\n"
    )


def _escape(text: str) -> str:
    text = "".join(_LATEX.get(letter, letter) for letter in text)
    for pattern, formula in _PHRASES:
        text = re.sub(pattern, formula, text)
    return "{[}" + text[1:] if text.startswith("[") else text  # LaTeX reads a bracket after a row as an option


def to_markdown(table: Table) -> str:
    """A Markdown table under its title. Numbers stand on the right."""
    lines = ["| " + " | ".join(table.columns) + " |"]
    lines.append("|" + "".join("---:|" if right else "---|" for right in table.numeric()))
    lines += ["| " + " | ".join(cell.replace("|", r"\|") for cell in row) + " |" for row in table.texts()]
    return "\n\n".join([f"**{table.title}**", "\n".join(lines), *table.notes]) + "\n"


def to_html(tables: Sequence[Table]) -> str:
    """A page of its own with the tables under each other. All text is escaped."""
    return rendered("mstars.paper", "tables.html", tables=tables)


def write_table_files(table: Table, paths: Iterable[str | Path]) -> None:
    """Write a table to files, each whole or not at all.

    Parameters
    ----------
    table : Table
    paths : iterable of path
        The ending says the format: .csv, .tex, .md or .html.
    """
    for path in map(Path, paths):
        if path.suffix == ".csv":
            text = pd.DataFrame(table.texts(), columns=list(table.columns)).to_csv(index=False)
        elif path.suffix == ".tex":
            text = to_latex(table, "tab:" + path.stem)
        else:
            text = to_html([table]) if path.suffix == ".html" else to_markdown(table)
        with atomic_path(path) as temporary:
            temporary.write_text(text)
