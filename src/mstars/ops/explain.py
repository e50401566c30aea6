"""The whole story of one spectrum: every measurement, threshold, decision and flag, in the order of the workflow."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from mstars.core.bands import BANDS
from mstars.core.errors import InputError
from mstars.core.flags import FLAG_COLUMNS, EngineFlag, FlagBits
from mstars.core.labels import STELLAR_LABELS, UNITS
from mstars.engines.registry import engine_info, engine_names
from mstars.files.json_files import read_json
from mstars.files.stores import read_batch
from mstars.files.tables import read_table
from mstars.quality.recommended import UNSURE_FRAMES
from mstars.review.evidence import known
from mstars.sky import gaia_criteria

PROVENANCE = "provenance.json"
HELP = "the whole story of one spectrum, by spectrum_key or obsid; --picture draws it"


_UNKNOWN = "[not recorded]"
"""In place of a setting where nothing tells the run's config."""


class Story:
    """What the tables of a survey say of one spectrum.

    Parameters
    ----------
    folder : str or Path
        results/{survey}.
    name : str
        spectrum_key or obsid.
    """

    def __init__(self, folder: str | Path, name: str):
        self.folder = Path(folder)
        catalog = self._table("plan/m_catalog_v0")
        if catalog is None:
            raise InputError(f"{self.folder}: no plan/m_catalog_v0.parquet; is it the folder of a survey that has run?")
        found = catalog[catalog["spectrum_key"] == name]
        if not len(found) and name.isdigit():
            found = catalog[catalog["obsid"].astype("Int64") == int(name)]
        if not len(found):
            raise InputError(f"{name}: not a spectrum_key or obsid of the input catalogue of {self.folder}")
        self.input = found.iloc[0]
        self.key = str(self.input["spectrum_key"])

    def _table(self, name: str) -> pd.DataFrame | None:
        path = self.folder / f"{name}.parquet"
        return read_table(path) if path.is_file() else None

    def row(self, name: str) -> pd.Series:
        """The spectrum's row of a table; empty where there is no such table or row."""
        table = self._table(name)
        if table is None or "spectrum_key" not in table:
            return pd.Series(dtype=object)
        rows = table[table["spectrum_key"] == self.key]
        return rows.iloc[0] if len(rows) else pd.Series(dtype=object)

    def count(self, name: str, column: str, value) -> int:
        """How many rows of a table have a value in a column."""
        table = self._table(name)
        return 0 if table is None else int((table[column] == value).sum())

    def setting(self, *names: str) -> str:
        """A value of the run's config (provenance.json), as text; '[not recorded]' where that has none."""
        path = self.folder / PROVENANCE
        value = read_json(path).get("config", {}) if path.is_file() else {}
        for name in names:
            value = value.get(name) if isinstance(value, dict) else None
        return _UNKNOWN if value is None or isinstance(value, dict) else str(value)

    def batch_row(self, folder: str) -> pd.Series:
        """The spectrum's row of a table that is written batch by batch."""
        return self.row(f"{folder}/{self.input['batch']}")


def number(value, unit: str = "", digits: int = 4) -> str:
    """A number with its unit, or 'none'."""
    if not known(value):
        return "none"
    text = f"{value:.{digits}g}" if isinstance(value, float | np.floating) else str(value)
    return f"{text} {unit}".strip()


def with_error(row: pd.Series, name: str, unit: str, digits: int = 5) -> str:
    """Value and error of a column, for example '3500 +- 30 K'."""
    if not known(row.get(name)):
        return "none"
    error = row.get(f"{name}_err")
    return f"{row[name]:.{digits}g}" + (f" +- {error:.3g}" if known(error) else "") + f" {unit}"


def _input(story: Story) -> list[str]:
    row, stored = story.input, story.row("ingest/spectra")
    lines = [f"file {number(row.get('filename'))}, plate {row['plate']}, observed {number(row.get('obsdate'))}"]
    lines.append(
        f"LAMOST: {number(row.get('subclass'))} ({number(row.get('lamost_class'))}), obsid {number(row.get('obsid'))}"
    )
    snr = ", ".join(f"{band} {number(row.get(f'snr{band}'), digits=3)}" for band in BANDS)
    lines.append(f"S/N: {snr}")
    if len(stored):
        masked = ", ".join(f"{band} {100 * stored[f'orp_{band}']:.1f} %" for band in BANDS)
        lines.append(f"masked pixels (orp): {masked}")
        return lines
    rejected = story.row("ingest/rejected")
    return [*lines, f"REJECTED at ingest: {number(rejected.get('reason'))}" if len(rejected) else "not ingested yet"]


def _sky(story: Story) -> list[str]:
    gaia, photometry = story.row("crossmatch/gaia"), story.row("crossmatch/photometry")
    radius = story.setting("crossmatch", "radius_arcsec")
    if not len(gaia) or not known(gaia.get("source_id")):
        lines = [f"no Gaia source within {radius} arcsec"]
    else:
        lines = [
            f"Gaia DR3 {gaia['source_id']} at {number(gaia['sep_arcsec'], 'arcsec', 3)} "
            f"({gaia.get('match_epoch')} epoch), {number(gaia.get('n_within'))} within {radius} arcsec"
        ]
        for one in gaia_criteria.GAIA_CRITERIA:
            value = gaia.get(one.column)
            good = known(value) and one.passes(value)
            lines.append(f"  {one.column} {number(value)} {one.sign} {one.limit:g}: {'passed' if good else 'FAILED'}")
    if len(photometry):
        place = f"(BP-RP)_0 {number(photometry.get('bp_rp_0'))}, M_G {number(photometry.get('M_G_0'))}"
        lines.append(
            f"E(B-V) {number(photometry.get('ebv'))}, {place}: CMD_flag {number(photometry.get('CMD_flag'))}, "
            f"region {number(photometry.get('CMD_pos'))}"
        )
    return lines


def _decision(story: Story, queue: str) -> list[str]:
    decided = story.row(f"review/{queue}/decisions")
    if not len(decided):
        return ["not a candidate"]
    who = f" by {decided['reviewer']}" if known(decided.get("reviewer")) else ""
    tie = ", reviewers disagree" if decided.get("tie") else ""
    return [f"decision: {decided['label']} ({decided['review_status']}{who}{tie})"]


def _spectral(story: Story) -> list[str]:
    spt, wdm = story.batch_row("predictions/spt"), story.batch_row("predictions/wdm")
    sure = story.setting("scm", "spt_prob_min")
    lines = [
        f"CNN-SPT {number(spt.get('spt_class'))} (probability {number(spt.get('spt_prob'))}; rejects alone from {sure})"
    ]
    lines.append(f"CNN-WDM {number(wdm.get('wdm_class'))} (probability {number(wdm.get('wdm_prob'))})")
    like = story.batch_row("predictions/ood")
    if len(like):
        limits = (story.setting("scm", "ood", "threshold"), story.setting("scm", "ood", "zro_sigma"))
        lines.append(f"unlike M stars: score {number(like.get('ood_score'))}, queued from {limits[0]}")
        lines.append(f"zirconium oxide {number(like.get('zro_score'), 'sigma')}, queued from {limits[1]}")
        lines.append(f"TiO5 {with_error(like, 'tio5', '')}".rstrip())
    queued = story.row("scm/candidates")
    if len(queued):
        lines.append(f"candidate for non-M: {queued['candidate_reasons']}; consensus {queued['consensus_label']}")
    return lines + _decision(story, "scm")


def _luminosity(story: Story) -> list[str]:
    dmgm, queued = story.batch_row("predictions/dmgm"), story.row("dgcm/candidates")
    lines = [f"CNN-dMgM {number(dmgm.get('dmgm_class'))} (probability {number(dmgm.get('dmgm_prob'))})"]
    if len(queued):
        lines.append(f"giant according to {queued['candidate_reasons']}; consensus {queued['consensus_label']}")
    found = story.row("catalogs/m_catalog_v2")
    lines += _decision(story, "dgcm")
    return [*lines, f"luminosity class {found['luminosity_class']}"] if len(found) else lines


def _velocity(story: Story) -> list[str]:
    row, final = story.row("rv/selection"), story.row("catalogs/m_catalog_v3")
    if not len(row):
        return ["not measured"]
    lines = [f"LAMOST {with_error(row, 'lamost_rv', 'km/s')}"]
    bands = {}
    if (story.folder / "rv/selection.json").is_file():
        bands = read_json(story.folder / "rv/selection.json").get("bands", {})
    for key, name in (("tm", "TM"), ("dsal1", "DSAL I"), ("dsal2", "DSAL II")):
        line = f"{name} {with_error(row, f'rv_{key}', 'km/s')}, flag {_flags(row.get(f'{key}_flag'), key)}"
        lines.append(line + _band(row, key, bands.get(key)))
    if known(row.get("tm_template")):
        lines.append(f"best template {row['tm_template']}, chi2 {number(row.get('tm_chi2'))}")
    reasons = number(row.get("candidate_reasons"))
    lines.append(f"LAMOST's velocity is {'reliable' if row.get('reliable') else 'NOT reliable'}; queued for: {reasons}")
    again = story.row("rv/candidates")
    for key, name in (("tml7500", "TML7500"), ("dsel", "DSEL")):
        if known(again.get(f"rv_{key}")):
            flag = _flags(again.get(f"{key}_flag"), key)
            lines.append(f"remeasured: {name} {with_error(again, f'rv_{key}', 'km/s')}, flag {flag}")
    if known(again.get("consensus_label")):
        lines.append(f"consensus {again['consensus_label']}")
    lines += _decision(story, "rv")
    if len(final):
        lines.append(f"velocity {with_error(final, 'rv', 'km/s')} from {final['rv_from']}")
    return lines


def _flags(value, key: str) -> str:
    """A flag with the meanings of its bits."""
    if not known(value):
        return "none"
    said = _meanings(FLAG_COLUMNS[f"{key}_flag"], value)
    return f"{int(value)} ({said})" if said else str(int(value))


def _meanings(bits: type[FlagBits], value) -> str:
    """What the bits of a value mean."""
    return ", ".join(bit.meaning for bit in bits if int(value) & bit)


def _band(row: pd.Series, key: str, band: dict | None) -> str:
    value, lamost = row.get(f"rv_{key}"), row.get("lamost_rv")
    if not band or not known(value) or not known(lamost) or band.get("sigma") is None:
        return ""
    off, limit = abs(value - lamost - band["mean"]), band["k"] * band["sigma"]
    return f"; |difference - ({band['mean']:.1f})| = {off:.1f} {'<=' if off <= limit else '>'} {limit:.1f} km/s"


def _parameters(story: Story) -> list[str]:
    chosen, *others = _engines(story)
    row, quality = story.row(f"parameters/{chosen}"), story.row("quality/quality")
    lines = [f"{label} {with_error(row, label, unit)}" for label, unit in UNITS.items() if known(row.get(label))]
    if known(row.get("flag")):
        lines.append(f"flag {row['flag']}: {_engine_flag(chosen, row['flag']) or 'nothing'}")
    if lines:
        lines.insert(0, f"engine {chosen}, which fills the catalogue")
    lines += [_other_engine(story, name) for name in others]
    theirs = story.row("crossmatch/apogee")
    if known(theirs.get("apogee_id")):
        values = ", ".join(f"{one.apogee} {number(theirs.get(one.apogee), one.unit)}" for one in STELLAR_LABELS)
        lines.append(f"APOGEE {theirs['apogee_id']} ({number(theirs.get('ASPCAP_CLASS'))}): {values}")
    if len(quality):
        lines.append(f"rv_flag {quality['rv_flag']}, parameter_flag {quality['parameter_flag']}")
        lines += _why_not(story, quality)
        if known(quality.get("parameter_reasons")):
            lines.append(f"parameters not recommended because: {quality['parameter_reasons']}")
    return lines or ["no parameters"]


def _engines(story: Story) -> list[str]:
    """The engine that fills the catalogue, then the others whose tables there are."""
    there = sorted(path.stem for path in story.folder.glob("parameters/*.parquet"))
    chosen = story.setting("parameters", "engine")
    if chosen == _UNKNOWN:  # a run without provenance
        chosen = "cnn" if "cnn" in there or not there else there[0]
    return [chosen, *(name for name in there if name != chosen)]


def _engine_flag(engine: str, value) -> str:
    """What the bits of an engine's flag mean; a bit of its own by its name."""
    own = engine_info(engine).own_flags if engine in engine_names() else {}
    names = [name for name, bit in own.items() if int(value) & bit]
    return ", ".join(filter(None, [_meanings(EngineFlag, value), *names]))


def _other_engine(story: Story, engine: str) -> str:
    """What an engine beside the catalogue's says, in a line."""
    row, quality = story.row(f"parameters/{engine}"), story.row(f"quality/{engine}")
    values = [f"{label} {with_error(row, label, unit)}" for label, unit in UNITS.items() if known(row.get(label))]
    if known(row.get("flag")) and (said := _engine_flag(engine, row["flag"])):
        values.append(f"flag: {said}")
    if len(quality):
        values.append(f"parameter_flag {quality['parameter_flag']}")
    if known(row.get("chi2")):
        values.append(f"chi2 {number(row['chi2'], digits=3)}")
    return f"engine {engine}: {', '.join(values) or 'nothing'}"


def _why_not(story: Story, quality: pd.Series) -> list[str]:
    """Why the velocity is not recommended (section 4.1)."""
    if quality["rv_flag"] == 1:
        return []
    final = story.row("catalogs/m_catalog_v3")
    if not known(final.get("rv")):
        return [f"velocity not recommended because: there is none ({number(final.get('rv_from'))})"]
    if (frame := story.row("ingest/spectra").get("frame")) in UNSURE_FRAMES:
        return [f"velocity not recommended because: the frame of the wavelengths is {frame} (HELIO, SPECSYS)"]
    day = f"observed {number(story.input.get('obsdate'))}, not after {story.setting('quality', 'rv_cut')}"
    return [f"velocity not recommended because: {day} (section 4.1)"]


def _beyond(story: Story) -> list[str]:
    row, star = story.row("catalogs/extension"), story.row("crossmatch/gaia")
    lines = []
    if len(row):
        lines.append(
            f"H-alpha {with_error(row, 'ewha', 'A')}, active above 0.75 A and 3 sigma: {number(row.get('active'))}"
        )
        lines.append(f"subtype by TiO5 {number(row.get('subtype_tio5'))}")
        lines.append(f"zeta {number(row.get('zeta'))}: metallicity class {number(row.get('metallicity_class'))}")
        lines.append(f"likely binary (RUWE above 1.4): {number(row.get('binary'))}")
    if known(star.get("star_id")):
        n = story.count("crossmatch/gaia", "star_id", star["star_id"])  # n_spectra counts those of a Gaia source alone
        lines.append(f"star {star['star_id']}, {n} spectra of it")
    return lines or ["nothing"]


def _outcome(story: Story) -> list[str]:
    if len(story.row("catalogs/recommended")):
        return ["in the recommended catalogue"]
    for name in ("non_m_catalog_v1", "non_m_catalog_v2"):
        row = story.row(f"catalogs/{name}")
        if len(row):
            return [f"not an M star: {row['label']} ({row['reason']})"]
    return ["rejected at ingest" if len(story.row("ingest/rejected")) else "the run has not come that far"]


CHAPTERS: dict[str, Callable[[Story], list[str]]] = {
    "Input": _input,
    "Crossmatch and CMD": _sky,
    "SCM: is it an M star?": _spectral,
    "DGCM: dwarf or giant?": _luminosity,
    "RVMM: radial velocity": _velocity,
    "SPMM and quality: parameters": _parameters,
    "Beyond the paper": _beyond,
    "Outcome": _outcome,
}


def explain(story: Story) -> str:
    """The story as text, chapter by chapter."""
    parts = [f"{story.key}  ({story.folder})"]
    for title, tell in CHAPTERS.items():
        parts.append("\n".join([title, *("  " + line for line in tell(story))]))
    if any(_UNKNOWN in part for part in parts):
        parts.append(
            f"{_UNKNOWN}: {story.folder / PROVENANCE} would tell the config of the run; "
            f"`snakemake --cores 1 {story.folder / PROVENANCE}` with that config makes it"
        )
    return "\n\n".join(parts)


def draw(story: Story, path: str | Path) -> None:
    """The spectrum as the review desk shows it, with the lines at every method's velocity."""
    from mstars.review.pictures import Sheet

    stored = story.row("ingest/spectra")
    if not len(stored):
        raise InputError(f"{story.key}: no stored spectrum to draw")
    spectra = read_batch(story.folder / "spectra" / f"{stored['batch']}.h5", np.array([int(stored["row"])]))
    facts = {**story.row("crossmatch/photometry").to_dict(), **story.input.to_dict()}
    facts |= {**story.row("catalogs/m_catalog_v1").to_dict(), **story.row("rv/selection").to_dict()}
    Sheet("rv").draw(spectra.wavelength, spectra.flux[0], spectra.bad[0], {**facts, "spectrum_key": story.key}, path)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of ``mstars explain``."""
    parser.add_argument("name", metavar="KEY", help="spectrum_key or obsid")
    parser.add_argument("--results", default="results/demo", help="folder of the survey (default: results/demo)")
    parser.add_argument("--picture", help="also draw the spectrum, as PNG")


def run(arguments: argparse.Namespace) -> int:
    """Print the story, draw it when asked."""
    story = Story(arguments.results, arguments.name)
    print(explain(story))
    if arguments.picture:
        draw(story, arguments.picture)
    return 0
