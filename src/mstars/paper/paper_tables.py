"""The paper's tables, ours beside the paper's, from the tables of the workflow."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mstars.catalog.columns import product_columns
from mstars.core.classes import CLASS_SUFFIXES
from mstars.core.labels import LABELS, STELLAR_LABELS
from mstars.core.lines import velocity_line_set
from mstars.paper.numbers import paper_numbers
from mstars.paper.rendering import Table, number_text
from mstars.spectra.features import luminosity_features

LABEL_HEADS = {label.name: label.head for label in STELLAR_LABELS}


def inspection_table(number: int, queue: str, decisions: pd.DataFrame) -> Table:
    """Tables 1, 4 and 7: what the candidates of a queue were found to be, beside the paper's counts.

    Parameters
    ----------
    number : int
        Of the table.
    queue : str
        scm, dgcm or rv.
    decisions : pandas.DataFrame
        The queue's resolved decisions.
    """
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
    """Table 2: counts of the LAMOST DR8 catalogue, quoted from the paper. The workflow does not make them."""
    paper = paper_numbers()
    rows = paper.loc[paper["product"] == "tab02", ["description", "paper"]]
    rows = [(text.removeprefix("DR8 catalogue: ").removesuffix(" (external number)"), n) for text, n in rows.to_numpy()]
    rows.append(("total", sum(n for _, n in rows)))
    return Table("Table 2. Non-M spectra in the LAMOST DR8 catalogue, quoted from the paper", ("label", "paper"), rows)


def resource_table(number: int) -> Table:
    """Tables 2, 3, 5, 6 and 9: what rests on tables of ``resources/`` alone."""
    if number == 2:
        return external_table()
    if number == 9:
        return columns_table()
    if number == 3:
        return _features_table()
    kind, method = ("absorption", "DSAL") if number == 5 else ("emission", "DSEL")
    rows = [(line, f"{wavelength:.4f}") for line, wavelength in zip(*velocity_line_set(kind), strict=True)]
    return Table(f"Table {number}. {kind.capitalize()} lines of {method}", ("line", "vacuum wavelength (Å)"), rows)


def _features_table() -> Table:
    """Table 3: a row a feature, with the wavelengths of all its lines."""
    features = luminosity_features()
    rows = []
    for name, lines in features.groupby("feature", sort=False):
        places = [
            f"{line.lower_air}" if line.lower_air == line.upper_air else f"{line.lower_air}-{line.upper_air}"
            for line in lines.itertuples()
        ]
        rows.append((name, ", ".join(places), lines["dM"].iloc[0], lines["gM"].iloc[0]))
    return Table("Table 3. What tells dM from gM", ("feature", "air wavelength (Å)", "dM", "gM"), rows)


def cross_validation_table(folds: pd.DataFrame) -> Table:
    """Table 8.

    Parameters
    ----------
    folds : pandas.DataFrame
        From `mstars.paper.numbers.fold_table`.
    """
    rows = []
    for fold in folds.to_dict("records"):
        cells = []
        for label in LABELS:
            digits = 0 if label == "teff" else 2
            mean, sigma = (number_text(fold[f"{label}_{part}"], digits) for part in ("mean", "sigma"))
            cells.append(f"{mean} ± {sigma}")
        rows.append((fold["kind"], fold["fold"], *cells, f"{fold['loss']:.3f}", fold["n"]))
    heads = ("class", "fold", *(f"Δ{LABEL_HEADS[label]}" for label in LABELS), "validation loss", "spectra")
    return Table("Table 8. Residuals of the folds on their validation sets (mean ± standard deviation)", heads, rows)


def ranges_table(ranges: dict) -> Table:
    """Table 10: the ranges in use, those recomputed from this survey's reliable members, and the paper's.

    Parameters
    ----------
    ranges : dict
        ``quality/ranges.json``.
    """
    paper = paper_numbers().set_index("key")["paper"]
    rows = []
    for label in LABELS:
        row = [LABEL_HEADS[label]]
        for kind, short in CLASS_SUFFIXES.items():
            for name in ("used", "recomputed"):
                low, high = ranges.get(name, {}).get(kind, {}).get(label, (np.nan, np.nan))
                row.append(f"[{low:g}, {high:g}]")
            row.append(f"[{paper[f'{label}_low_{short}']:g}, {paper[f'{label}_high_{short}']:g}]")
        rows.append(row)
    heads = [f"{kind}{what}" for kind in CLASS_SUFFIXES for what in (", used", ", recomputed", ", paper")]
    return Table("Table 10. Recommended ranges", ("parameter", *heads), rows)


def columns_table() -> Table:
    """Table 9: the columns of the recommended catalogue. The last column says which ones the paper has."""
    columns = product_columns("recommended", with_filename=True)
    rows = [(one.name, one.unit, one.description, "yes" if one.table9 else "no") for one in columns]
    title = "Table 9. Columns of the recommended catalogue"
    return Table(title, ("field", "unit", "description", "in the paper"), rows)


def statistics_table(statistics: pd.DataFrame, survey: str) -> Table:
    """Systematic differences and dispersions of all comparisons, by S/N_i interval.

    Parameters
    ----------
    statistics : pandas.DataFrame
        From `mstars.literature.catalogues.all_statistics`.
    survey : str
    """
    rows = statistics.values.tolist()
    heads = ("compared with", "class", "pair", "quantity", "S/N_i", "n", "mean", "std", "median", "robust std")
    notes = () if rows else ("No literature catalogue is configured (compare.catalogs) or has a star in common.",)
    return Table(f"This work beside others, survey {survey} (K, dex, km/s)", heads, rows, notes)


def classes_table(classes: pd.DataFrame, survey: str) -> Table:
    """Agreement of the classes of LAMOST, DGCM and the CMD.

    Parameters
    ----------
    classes : pandas.DataFrame
        From `mstars.literature.groups.class_agreement`.
    survey : str
    """
    rows = [
        (row.lamost, row.dgcm, row.cmd or "no CMD", row.spectra, row.good_spectra, "yes" if row.agree else "")
        for row in classes.itertuples()
    ]
    agree = classes[classes["agree"]]
    shares = [100 * agree[name].sum() / max(classes[name].sum(), 1) for name in ("spectra", "good_spectra")]
    note = f"One class from all three: {shares[0]:.1f} % of all, {shares[1]:.1f} % of the good spectra (section 4.2)."
    heads = ("LAMOST", "DGCM", "CMD", "spectra", "good spectra", "agree")
    return Table(f"Classes, survey {survey}", heads, rows, (note,))


def comparison_table(numbers: pd.DataFrame, survey: str, simulated: bool, notes: tuple[str, ...] = ()) -> Table:
    """The paper's numbers and ours side by side.

    Parameters
    ----------
    numbers : pandas.DataFrame
        From `mstars.paper.numbers.compare_numbers`.
    survey : str
    simulated : bool
        Whether the survey is simulated: the notes then say so.
    notes : tuple of str
        More notes.
    """
    last = ("n", "sample", "note")
    columns = ["product", "section", "description", "unit", "paper", "ours", "ratio", "difference", *last]
    rows = numbers[columns].values.tolist()
    explained = (
        "Counts are compared as shares of the input: (ours / input of this survey) / (paper's / input of DR10). What "
        "may have either sign is compared by the difference.",
        "An empty cell: not measured in this run, or external. n: spectra of ours behind the number.",
    )
    if simulated:
        explained = (
            "SIMULATED survey: these numbers say that the machinery works, not what the sky is like. It has many more "
            "spectra that are not of M stars, more giants and more planted failures than LAMOST's catalogue, and the "
            "literature catalogues are planted with the paper's differences.",
            *explained,
        )
    title = f"The paper's numbers (LAMOST DR10) and those of survey {survey}" + (" (simulated)" if simulated else "")
    heads = ("product", "section", "what", "unit", "paper", "ours", "ours / paper", "ours - paper", *last)
    return Table(title, heads, rows, (*explained, *notes))


def contamination_table(table: pd.DataFrame, survey: str) -> Table:
    """Spectra that are not of M stars among those taken as dM without a look.

    Parameters
    ----------
    table : pandas.DataFrame
        From `mstars.survey.contamination.contamination`.
    survey : str
    """
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
