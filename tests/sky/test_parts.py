"""Matched cell by cell, from any form of the catalogues, a survey has the same bytes as matched at once."""

import numpy as np
import pandas as pd
import pyarrow.parquet
import pytest
from astropy.table import Table
from made_sky import SETTINGS, candidates, gaia_table

from mstars.core.errors import InputError
from mstars.files.external_tables import read_external
from mstars.files.tables import read_table, read_tables, write_table
from mstars.sky import index, parts
from mstars.sky.allwise import ALLWISE, match_allwise
from mstars.sky.catalogues import CATALOGUES
from mstars.sky.cells import in_order, pixels, plan_cells
from mstars.sky.coverage import Coverage
from mstars.sky.crossmatch import propagate
from mstars.sky.gaia import gaia_of_cell, match_gaia, with_stars

CELLS = {"order": 0, "min_spectra": 20, "max_spectra": 300}


def survey_and_sky(n=1500, seed=5):
    """Spectra all over the sky, and a catalogue with their stars, twins of these and others; some move fast."""
    rng = np.random.default_rng(seed)
    ra, dec = rng.uniform(0, 360, n), np.degrees(np.arcsin(rng.uniform(-1, 1, n)))
    ra[:4], dec[:4] = [0.0, 359.99999, 10.0, 200.0], [5.0, -5.0, 89.9999, -89.9999]
    pm = rng.normal(0, 20, (2, n))
    pm[:, ::50] = rng.normal(0, 4000, (2, len(pm[0, ::50])))
    at_gaia = propagate(ra, dec, *pm, 16.0)
    twin = (at_gaia[0][::7], at_gaia[1][::7] + 1e-4)
    other = rng.uniform(0, 360, 5000), np.degrees(np.arcsin(rng.uniform(-1, 1, 5000)))
    place = [np.concatenate([at_gaia[axis], twin[axis], other[axis]]) for axis in (0, 1)]
    motion = [np.concatenate([one, one[::7], rng.normal(0, 9, 5000)]) for one in pm]
    gaia = gaia_table(*place, *motion).sample(frac=1, random_state=1, ignore_index=True)
    gaia["phot_g_mean_mag"] = rng.uniform(10, 18, len(gaia))
    rows = candidates(np.delete(ra, 9), np.delete(dec, 9), obsdate="2014-02-03")
    rows["spectrum_key"] = [f"56691-A-sp01-{number:05d}" for number in range(len(rows))]
    rows.loc[11, ["ra", "dec"]] = np.nan
    distances = pd.DataFrame({"source_id": gaia["source_id"], "r_med_geo": rng.uniform(10, 900, len(gaia))})
    wise = pd.DataFrame({"ra": place[0], "dec": np.clip(place[1], -90, 90), "w1mpro": rng.uniform(7, 12, len(gaia))})
    wise = wise.assign(w1sigmpro=0.02, w2mpro=9.0, w2sigmpro=0.02, designation="J")
    return rows, gaia, distances, wise


def hats(folder, table, ra="ra", dec="dec"):
    """A catalogue partitioned as LSDB's are: pixels of orders 0 and 2."""
    table = table.assign(_healpix_29=pixels(table[ra], table[dec], 29)).sort_values("_healpix_29", kind="stable")
    index29 = table["_healpix_29"].to_numpy()
    northern = index29 >> 58 < 4
    partition = [np.where(northern, 2, 0), index29 >> np.where(northern, 54, 58)]
    for (level, pixel), rows in table.groupby(partition):
        path = folder / "dataset" / f"Norder={level}" / "Dir=0" / f"Npix={pixel}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        rows.to_parquet(path, index=False, row_group_size=100)
    (folder / "partition_info.csv").write_text("Norder,Npix\n")
    return folder


def forms(tmp_path, table, name):
    """The same catalogue in every form that a cell reads a part of."""
    table.to_parquet(tmp_path / f"{name}.parquet", index=False, row_group_size=200)
    table.to_csv(tmp_path / f"{name}.csv", index=False)
    Table.from_pandas(table).write(tmp_path / f"{name}.fits", overwrite=True)
    of = CATALOGUES[name]
    for ending in ("csv", "fits"):
        output = tmp_path / f"{name}_{ending}.parquet"
        assert index.write_index(tmp_path / f"{name}.{ending}", of.columns, "k", output, of.clean) == len(table)
    found = [tmp_path / f"{name}{ending}" for ending in (".parquet", ".fits", "_csv.parquet", "_fits.parquet")]
    return found if name == "distances" else [*found, hats(tmp_path / f"hats_{name}", table)]


def by_cells(rows, match):
    table, facts = plan_cells(rows, CELLS)
    assert len(facts) >= 12
    return pd.concat([match(table[table["cell"] == cell]) for cell in facts], ignore_index=True)


def same_bytes(tmp_path, one, other):
    for table, name in ((one, "one"), (other, "other")):
        write_table(table, tmp_path / f"{name}.result")
    return (tmp_path / "one.result").read_bytes() == (tmp_path / "other.result").read_bytes()


@pytest.fixture
def in_parts(monkeypatch):
    monkeypatch.setattr(parts, "_SMALL", 0)


def test_gaia_and_distances_by_cells_are_the_same_as_at_once(tmp_path, in_parts):
    rows, gaia, distances, _ = survey_and_sky()
    gaia_forms, distance_forms = forms(tmp_path, gaia, "gaia"), forms(tmp_path, distances, "distances")
    whole = match_gaia(rows, gaia_forms[1], distance_forms[1], SETTINGS)
    assert whole["source_id"].notna().sum() > 1400 and (whole["n_within"] > 1).sum() > 150
    assert whole["r_med_geo"].notna().sum() == whole["source_id"].notna().sum()
    for path, of in zip(gaia_forms, [*distance_forms, distance_forms[0]], strict=True):
        found = by_cells(rows, lambda cell, path=path, of=of: gaia_of_cell(cell, path, of, SETTINGS))
        write_table(found, tmp_path / "cells.parquet")
        merged = with_stars(read_tables([tmp_path / "cells.parquet"]), rows, SETTINGS["radius_arcsec"])
        assert same_bytes(tmp_path, merged, whole), path


def test_allwise_by_cells_is_the_same_as_at_once(tmp_path, in_parts):
    rows, gaia, _, wise = survey_and_sky()
    gaia.to_parquet(tmp_path / "g.parquet", index=False)
    stars = match_gaia(rows, tmp_path / "g.parquet", None, SETTINGS).set_index("spectrum_key", drop=False)
    places = forms(tmp_path, wise, "allwise")
    whole = match_allwise(rows, stars, places[1], SETTINGS)
    assert whole["sep_arcsec"].notna().sum() > 1000
    for path in places:
        found = by_cells(
            rows, lambda cell, path=path: match_allwise(cell, stars.loc[cell["spectrum_key"]], path, SETTINGS)
        )
        write_table(found, tmp_path / "cells.parquet")
        assert same_bytes(tmp_path, in_order(read_table(tmp_path / "cells.parquet"), rows), whole), path


def test_only_the_part_around_the_places_is_read(tmp_path, in_parts, monkeypatch):
    _, gaia, _, wise = survey_and_sky()
    read = []
    opened = parts.open_groups
    monkeypatch.setattr(parts, "open_groups", lambda file, *rest: read.append((file, rest[1])) or opened(file, *rest))
    coverage = Coverage([(np.array([50.0]), np.array([10.0]))], 3.0, 16.0)
    folder = hats(tmp_path / "hats", wise)
    parts.read_part(folder, ALLWISE, "k", coverage)
    assert len(read) <= 2 and all(len(groups) <= 2 for _, groups in read)
    read.clear()
    wise.sort_values("dec").to_parquet(tmp_path / "by_dec.parquet", index=False, row_group_size=100)
    found = parts.read_part(tmp_path / "by_dec.parquet", ALLWISE, "k", coverage)
    assert len(read) == 1 and 1 <= len(read[0][1]) <= 2 and len(found.table) < 20
    groups = pyarrow.parquet.read_metadata(tmp_path / "by_dec.parquet").num_row_groups
    assert groups > 50


def test_a_cell_without_sources_and_a_folder_without_any(tmp_path, in_parts):
    rows, gaia, _, _ = survey_and_sky()
    north = hats(tmp_path / "north", gaia[gaia["dec"] > 30])
    south = rows[rows["dec"] < -30]
    assert gaia_of_cell(south, north, None, SETTINGS)["source_id"].isna().all()
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="external.gaia: .*empty: a folder without Norder"):
        gaia_of_cell(south, tmp_path / "empty", None, SETTINGS)
    bare = hats(tmp_path / "bare", gaia.drop(columns=["pmra", "pmdec"]))
    with pytest.raises(InputError, match="crossmatch.method: plain"):
        gaia_of_cell(rows, bare, None, SETTINGS)


def test_an_index_is_made_of_large_files_that_are_not_in_the_order_of_the_sky(tmp_path, in_parts, monkeypatch):
    _, gaia, _, _ = survey_and_sky()
    places = forms(tmp_path, gaia, "gaia")
    assert not any(map(index.needs_index, places))
    monkeypatch.setattr(index, "LARGE", 1)
    needed = {path.name for path in [*places, tmp_path / "gaia.csv"] if index.needs_index(path)}
    assert needed == {"gaia.parquet", "gaia.fits", "gaia.csv"}
    back = read_external(tmp_path / "gaia_csv.parquet", CATALOGUES["gaia"].columns, "k")
    assert set(back["source_id"]) == set(gaia["source_id"]) and back["ra"].dtype == float
