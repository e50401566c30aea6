"""Plates and their files."""

import gzip

import pandas as pd
import pytest
from astropy.io import fits

from mstars.lamost.reader import read_spectrum
from mstars.simulate.plates import write_plate, write_plates
from mstars.spectra.wavelengths import N_PIXEL


def test_same_seed_same_bytes(maker, plan, tmp_path):
    rows = plan[plan["plate"] == plan["plate"].iloc[0]].head(12).reset_index(drop=True)
    for name in ("one", "two"):
        write_plate(rows, maker, 3, tmp_path / name, tmp_path / f"{name}.parquet")
    files = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert len(files) == 12
    for name in files:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    write_plate(rows, maker, 4, tmp_path / "three", tmp_path / "three.parquet")
    assert (tmp_path / "one" / files[0]).read_bytes() != (tmp_path / "three" / files[0]).read_bytes()


def test_plates_written_together_are_those_written_apart(maker, plan, tmp_path):
    rows = plan.groupby("plate").head(6).reset_index(drop=True)
    assert write_plates(rows, maker, 3, tmp_path / "all", tmp_path / "all.parquet") == 12
    together = pd.read_parquet(tmp_path / "all.parquet").set_index("spectrum_key")
    for plate, own in rows.groupby("plate"):
        first = own.iloc[0]
        write_plate(own, maker, 3, tmp_path / plate, tmp_path / f"{plate}.parquet")
        apart = pd.read_parquet(tmp_path / f"{plate}.parquet").set_index("spectrum_key")
        pd.testing.assert_frame_equal(together.loc[apart.index], apart)
        folder = tmp_path / "all" / first["obsdate"].replace("-", "") / first["planid"]
        assert sorted(path.name for path in folder.iterdir()) == sorted(own["filename"])
        for path in folder.iterdir():
            assert path.read_bytes() == (tmp_path / plate / path.name).read_bytes()


@pytest.mark.parametrize(("layout", "n_hdu"), [("image", 1), ("coadd", 2)])
def test_files_are_lamosts(maker, plan, tmp_path, layout, n_hdu):
    """astropy and the project's own reader see the layout, and the header's values are the plan's."""
    rows = plan[plan["plate"] == plan["plate"].iloc[0]].head(3).assign(layout=layout).reset_index(drop=True)
    write_plate(rows, maker, 3, tmp_path / "fits", tmp_path / "plate.parquet")
    for _, row in rows.iterrows():
        path = tmp_path / "fits" / row["filename"]
        with fits.open(path) as hdus:
            if layout == "image":  # LAMOST's tables have NAXIS1 in an empty primary HDU, against the standard
                hdus.verify("exception")
            assert len(hdus) == n_hdu
            assert (hdus[0].header["OBSID"], hdus[0].header["LMJD"]) == (row["obsid"], row["lmjd"])
        found = read_spectrum(path)
        assert (found.layout, found.values["spectrum_key"]) == (layout, row["spectrum_key"])
        assert found.values["obsid"] == row["obsid"] and found.values["ra"] == pytest.approx(row["ra_cat"], abs=1e-5)
        assert len(found.flux) == len(found.ivar) == len(found.ormask) >= N_PIXEL - 1 and found.flux.any()


def test_no_hint_of_the_truth_in_a_header(survey, plan):
    for _, row in plan.groupby("kind").head(1).iterrows():
        content = gzip.decompress((survey / "fits" / row["plate"] / row["filename"]).read_bytes())
        header = content[: content.index(b"END" + 77 * b" ")].upper()
        assert b"LAMOST" in header
        assert not [word for word in (b"SIMUL", b"PLANTED", b"TRUTH", b"MSTARS") if word in header], row["kind"]


def _structure(card):
    """Keyword, kind of value, its columns, and the comment."""
    image = card.image[:80]
    if image[8:10] != "= ":
        return image
    value, _, comment = image[10:].partition("/")
    kind = type(card.value).__name__
    decimals = len(value.strip().split(".")[1]) if kind == "float" and "." in value else 0
    return image[:8], kind, decimals, comment.strip()


@pytest.mark.real
@pytest.mark.parametrize(
    ("name", "layout"),
    [
        ("laspec/spec-57287-KP193637N444141V03_sp10-161.fits.gz", "image"),
        ("cmost/spec-55859-F5902_sp01-001.fits.gz", "coadd"),
    ],
)
def test_cards_are_those_of_real_files(real, survey, plan, maker, tmp_path, name, layout):
    """Card by card: same keywords in the same order, same types, decimals and comments; same HDUs."""
    if not (real / "lamost" / name).is_file():
        pytest.skip(f"no {name}")
    rows = plan.head(1).assign(layout=layout).reset_index(drop=True)
    write_plate(rows, maker, 3, tmp_path / "p", tmp_path / "p.parquet")
    with fits.open(real / "lamost" / name) as theirs, fits.open(tmp_path / "p" / rows["filename"][0]) as ours:
        assert [type(hdu) for hdu in ours] == [type(hdu) for hdu in theirs]
        for one, two in zip(ours, theirs, strict=True):
            assert [_structure(card) for card in one.header.cards] == [_structure(card) for card in two.header.cards]
            if one.data is not None and layout == "image":
                assert one.data.dtype == two.data.dtype and one.data.shape[0] == two.data.shape[0]
            elif one.data is not None:
                assert one.data.dtype.names == two.data.dtype.names
