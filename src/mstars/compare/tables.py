"""The paper's tables as CSV, LaTeX (AASTeX deluxetable) and Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from mstars.compare.numbers import KINDS, LABELS, paper_numbers
from mstars.resources import resource
from mstars.store import atomic_path

_LATEX = {"&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}"}
_LATEX |= {"^": r"\textasciicircum{}", "\\": r"\textbackslash{}", "<": r"$<$", ">": r"$>$"}


@dataclass
class Table:
    """A table for people.

    Attributes
    ----------
    title : str
        Above the table.
    columns : tuple of str
        Heads.
    rows : list of sequence
        Text or numbers, one sequence a row.
    notes : tuple of str
        Below the table.
    """

    title: str
    columns: tuple[str, ...]
    rows: list[Sequence] = field(default_factory=list)
    notes: tuple[str, ...] = ()

    def texts(self) -> list[list[str]]:
        """The rows as text; what is missing is empty."""
        return [[_text(value) for value in row] for row in self.rows]


def _text(value) -> str:
    if value is None or value is pd.NA or (isinstance(value, float | np.floating) and not np.isfinite(value)):
        return ""
    if isinstance(value, float | np.floating):
        return f"{value:.0f}" if float(value).is_integer() and abs(value) < 1e15 else f"{value:.4g}"
    return str(value)


def to_latex(table: Table, label: str) -> str:
    """An AASTeX deluxetable."""
    head = " & ".join(rf"\colhead{{{_escape(name)}}}" for name in table.columns)
    rows = " \\\\\n".join(" & ".join(map(_escape, row)) for row in table.texts())
    notes = "".join(f"\\tablecomments{{{_escape(note)}}}\n" for note in table.notes)
    return (
        f"\\begin{{deluxetable*}}{{{'l' * len(table.columns)}}}\n"
        f"\\tablecaption{{{_escape(table.title)}\\label{{{label}}}}}\n"
        f"\\tablehead{{{head}}}\n\\startdata\n{rows}\n\\enddata\n{notes}\\end{{deluxetable*}}\n"
    )


def _escape(text: str) -> str:
    return "".join(_LATEX.get(letter, letter) for letter in text)


def to_markdown(table: Table) -> str:
    """A Markdown table under its title."""
    lines = ["| " + " | ".join(table.columns) + " |", "|" + "---|" * len(table.columns)]
    lines += ["| " + " | ".join(cell.replace("|", r"\|") for cell in row) + " |" for row in table.texts()]
    return "\n\n".join([f"**{table.title}**", "\n".join(lines), *table.notes]) + "\n"


def write_table_files(table: Table, paths: Iterable[str | Path]) -> None:
    """Write the table to each path, in the format of its suffix (.csv, .tex, .md)."""
    for path in map(Path, paths):
        if path.suffix == ".csv":
            text = pd.DataFrame(table.texts(), columns=list(table.columns)).to_csv(index=False)
        else:
            text = to_latex(table, "tab:" + path.stem) if path.suffix == ".tex" else to_markdown(table)
        with atomic_path(path) as temporary:
            temporary.write_text(text)


def inspection_table(number: int, queue: str, decisions: pd.DataFrame) -> Table:
    """Tables 1, 4 and 7: candidates of a queue by what they were found to be, beside the paper's."""
    reviewed = decisions["review_status"] == "reviewed"
    counts, own = decisions["label"].value_counts(), decisions.loc[reviewed, "label"].value_counts()
    paper = paper_numbers()
    paper = paper[paper["product"] == f"tab{number:02d}"].set_index("key")["paper"]
    names = [key.removeprefix(f"{queue}_") for key in paper.index]
    names += sorted(set(counts.index) - set(names))
    rows = [(name, counts.get(name, 0), own.get(name, 0), paper.get(f"{queue}_{name}")) for name in names]
    rows.append(("total", int(counts.sum()), int(own.sum()), paper.sum()))
    title = f"Table {number}. The {len(decisions)} candidates of queue {queue}"
    note = "Candidates that no one has reviewed have the consensus of the methods (provisional)."
    return Table(title, ("label", "spectra", "of them reviewed", "paper (DR10)"), rows, (note,))


def external_table() -> Table:
    """Table 2: an external number (LAMOST DR8); the workflow doesn't produce it."""
    paper = paper_numbers()
    rows = paper.loc[paper["product"] == "tab02", ["description", "paper"]]
    rows = [(text.removeprefix("DR8 catalogue: ").removesuffix(" (external number)"), n) for text, n in rows.to_numpy()]
    return Table("Table 2. Non-M spectra in the LAMOST DR8 catalogue, quoted from the paper", ("label", "paper"), rows)


def resource_table(number: int) -> Table:
    """Tables 3, 5 and 6: features and lines the workflow uses."""
    if number == 3:
        features = pd.read_csv(resource("features.csv"), comment="#")
        return Table("Table 3. What tells dM from gM (air wavelengths, A)", tuple(features), features.values.tolist())
    lines = pd.read_csv(resource("lines.csv"), comment="#")
    kind, method = ("absorption", "DSAL") if number == 5 else ("emission", "DSEL")
    rows = lines.loc[lines["set"] == kind, ["line", "wavelength"]].values.tolist()
    rows = [(line, f"{wavelength:.4f}") for line, wavelength in rows]
    return Table(f"Table {number}. {kind.capitalize()} lines of {method}", ("line", "vacuum wavelength (A)"), rows)


def cross_validation_table(folds: pd.DataFrame) -> Table:
    """Table 8 of the columns of `mstars.compare.numbers.fold_table`."""
    rows = []
    for fold in folds.to_dict("records"):
        cells = []
        for label in LABELS:
            digits = 0 if label == "teff" else 2
            cells.append(f"{fold[f'{label}_mean']:.{digits}f} ± {fold[f'{label}_sigma']:.{digits}f}")
        rows.append((fold["kind"], fold["fold"], *cells, f"{fold['loss']:.3f}", fold["n"]))
    heads = (
        "class",
        "fold",
        "dTeff (K)",
        "dlog g (dex)",
        "d[M/H] (dex)",
        "d[alpha/M] (dex)",
        "validation loss",
        "stars",
    )
    return Table("Table 8. Residuals of the folds on their validation sets (mean ± standard deviation)", heads, rows)


def ranges_table(ranges: dict) -> Table:
    """Table 10: ranges in use, recomputed from this survey's reliable members (quality/ranges.json), the paper's."""
    paper = paper_numbers().set_index("key")["paper"]
    rows = []
    for label in LABELS:
        row = [label]
        for kind, short in KINDS.items():
            for name in ("used", "recomputed"):
                low, high = ranges.get(name, {}).get(kind, {}).get(label, (np.nan, np.nan))
                row.append(f"[{low:g}, {high:g}]")
            row.append(f"[{paper[f'{label}_low_{short}']:g}, {paper[f'{label}_high_{short}']:g}]")
        rows.append(row)
    heads = [f"{kind}{what}" for kind in KINDS for what in (", used", ", recomputed", ", paper")]
    return Table("Table 10. Recommended ranges", ("parameter", *heads), rows)


def columns_table() -> Table:
    """Table 9: the columns of the recommended catalogue, those of the paper marked."""
    columns = pd.read_csv(resource("catalog_columns.csv"), comment="#", keep_default_na=False)
    columns = columns[columns["products"].str.split().map(lambda products: "recommended" in products)]
    rows = columns[["name", "unit", "description", "table9"]].values.tolist()
    title = "Table 9. Columns of the recommended catalogue"
    return Table(title, ("field", "unit", "description", "in the paper"), rows)


def statistics_table(statistics: pd.DataFrame, survey: str) -> Table:
    """Systematic differences and dispersions of all comparisons, by S/N interval."""
    rows = statistics.values.tolist()
    heads = ("compared with", "class", "pair", "quantity", "S/N_i", "n", "mean", "std", "median", "robust std")
    notes = () if rows else ("No literature catalogue is configured (compare.catalogs) or has a star in common.",)
    return Table(f"This work beside others, survey {survey} (K, dex, km/s)", heads, rows, notes)


def classes_table(classes: pd.DataFrame, survey: str) -> Table:
    """Agreement of LAMOST, DGCM and CMD (columns of `mstars.compare.groups.class_agreement`)."""
    rows = [
        (row.lamost, row.dgcm, row.cmd or "no CMD", row.spectra, row.good_spectra, "yes" if row.agree else "")
        for row in classes.itertuples()
    ]
    agree = classes[classes["agree"]]
    shares = [100 * agree[name].sum() / max(classes[name].sum(), 1) for name in ("spectra", "good_spectra")]
    note = f"One class from all three: {shares[0]:.1f} % of all, {shares[1]:.1f} % of the good spectra (section 4.2)."
    heads = ("LAMOST", "DGCM", "CMD", "spectra", "good spectra", "agree")
    return Table(f"Classes, survey {survey}", heads, rows, (note,))


def comparison_table(numbers: pd.DataFrame, survey: str, simulated: bool) -> Table:
    """The paper's numbers and ours side by side (columns of `mstars.compare.numbers.compare_numbers`)."""
    rows = numbers[["product", "section", "description", "unit", "paper", "ours", "ratio"]].values.tolist()
    notes = ("An empty cell: not measured in this run, or external.",)
    if simulated:
        notes = ("SIMULATED survey: these numbers say that the machinery works, not what the sky is like.", *notes)
    title = f"The paper's numbers (LAMOST DR10) and those of survey {survey}" + (" (simulated)" if simulated else "")
    return Table(title, ("product", "section", "what", "unit", "paper", "ours", "ours / paper"), rows, notes)


def contamination_table(table: pd.DataFrame, survey: str) -> Table:
    """Spectra not of M stars among those taken as dM without a look (columns of `mstars.compare.contamination`)."""
    rows = [
        (
            *(row.label, row.stratum, row.n_spectra, row.n_checked, row.n_found, row.share),
            f"{row.low:.2g} to {row.high:.2g}" if np.isfinite(row.low) else "",
            f"{row.left:.0f} ({row.left_low:.0f} to {row.left_high:.0f})" if np.isfinite(row.left) else "",
        )
        for row in table.itertuples()
    ]
    heads = ("label", "S/N_i", "spectra", "checked", "found", "share (%)", "68 % (%)", "not yet found (68 %)")
    notes = (
        "Spectra taken as dM without a look, from the random check (queue random); all: weighted by the number of "
        "spectra in each row. In the paper 0.84 % unknown (footnote 13).",
    )
    if not table["n_checked"].sum():
        notes = (f"No one has looked yet: decisions go into review/{survey}/random/.",)
    return Table(f"Contamination of the spectra no one has looked at, survey {survey}", heads, rows, notes)
