"""The catalogue ``engines``: a row a spectrum, all engines side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from mstars.catalog.columns import ProductColumn
from mstars.core.flags import EngineFlag
from mstars.core.labels import LABELS, STELLAR_LABELS
from mstars.engines.contract import EngineInfo

TITLE = "Parameters of all engines side by side"
_UCD = {
    "teff": "phys.temperature.effective",
    "logg": "phys.gravity",
    "m_h": "phys.abund.Z",
    "alpha_m": "phys.abund",
}


def _column(name: str, dtype: str, about: str, unit: str = "", ucd: str = "", null: str = "") -> ProductColumn:
    return ProductColumn(name, name, dtype, unit, ucd, null, ("engines",), False, about)


def engines_columns(infos: Sequence[EngineInfo], scale: str | None) -> list[ProductColumn]:
    """Columns of the catalogue for these engines.

    Parameters
    ----------
    infos : sequence of EngineInfo
    scale : str, optional
        ``parameters.scale_to``: the labels are there on this scale too.
    """
    columns = [
        _column("spectrum_key", "str", "which spectrum", ucd="meta.id;meta.main"),
        _column("obsid", "int64", "LAMOST's number of the spectrum", ucd="meta.id", null="-9999"),
        _column("luminosity_class", "str", "dM or gM", ucd="src.class.luminosity"),
        _column("snr_i", "float32", "S/N in the i band", ucd="stat.snr"),
    ]
    for info in infos:
        for label in [label for label in STELLAR_LABELS if label.name in info.labels]:
            name, ucd = f"{label.name}_{info.name}", _UCD[label.name]
            columns.append(
                _column(name, "float32", f"{label.plain} by {info.name}, scale {info.scale}", label.unit, ucd)
            )
            about = f"calibrated error of {name}"
            columns.append(_column(f"{name}_err", "float32", about, label.unit, f"stat.error;{ucd}"))
            if scale is not None:
                more = f"{name} on the scale {scale}"
                columns.append(_column(f"{name}_scaled", "float32", more, label.unit, ucd))
                about = f"error of {name}_scaled, with that of the map"
                columns.append(_column(f"{name}_scaled_err", "float32", about, label.unit, f"stat.error;{ucd}"))
        own = "".join(f", {bit} {name}" for name, bit in info.own_flags.items())
        about = f"bits of {info.name}: {EngineFlag.meanings()}{own}"
        columns.append(_column(f"flag_{info.name}", "int32", about, ucd="meta.code", null="-9999"))
        about = f"1: the parameters of {info.name} are recommended"
        columns.append(_column(f"parameter_flag_{info.name}", "int16", about, ucd="meta.code.qual", null="-9999"))
        if info.gives_chi2:
            about = f"chi2 per degree of freedom of {info.name}"
            columns.append(_column(f"chi2_{info.name}", "float32", about, ucd="stat.fit.chi2"))
    return columns


def engines_rows(
    m_catalog: pd.DataFrame,
    tables: Mapping[str, tuple[pd.DataFrame, pd.DataFrame]],
    scaled: Mapping[str, pd.DataFrame],
) -> pd.DataFrame:
    """Rows of the catalogue.

    Parameters
    ----------
    m_catalog : pandas.DataFrame
        m_catalog_v3: spectrum_key, obsid, luminosity_class, snri.
    tables : mapping
        parameters and quality (parameter_flag) by engine.
    scaled : mapping
        By engine, in the order of its parameters: ``{label}`` and ``{label}_err`` on another scale. Empty without.

    Returns
    -------
    pandas.DataFrame
        A row a row of ``m_catalog``.
    """
    table = m_catalog[["spectrum_key", "obsid", "luminosity_class", "snri"]].rename(columns={"snri": "snr_i"})
    for engine, (parameters, flags) in tables.items():
        columns = {"spectrum_key": parameters["spectrum_key"], f"flag_{engine}": parameters["flag"]}
        columns[f"chi2_{engine}"] = parameters["chi2"]
        for label in LABELS:
            columns[f"{label}_{engine}"] = parameters[label]
            columns[f"{label}_{engine}_err"] = parameters[f"{label}_calib_err"]
            if engine in scaled:
                columns[f"{label}_{engine}_scaled"] = scaled[engine][label].to_numpy()
                columns[f"{label}_{engine}_scaled_err"] = scaled[engine][f"{label}_err"].to_numpy()
        own = flags[["spectrum_key", "parameter_flag"]].rename(columns={"parameter_flag": f"parameter_flag_{engine}"})
        table = table.merge(pd.DataFrame(columns), on="spectrum_key", how="left", validate="1:1")
        table = table.merge(own, on="spectrum_key", how="left", validate="1:1")
    return table
