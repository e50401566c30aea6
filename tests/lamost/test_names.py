"""Names of files and of classes."""

from mstars.lamost.names import Identity, batch_name, identity_of_name, luminosity_class, pipeline_version


def test_names():
    identity = Identity(55862, "B6212", 6, 11)
    assert identity.stem == "spec-55862-B6212_sp06-011"
    assert identity_of_name(f"some/where/{identity.stem}.fits.gz") == identity
    assert identity_of_name("3703110.fits.gz") is None
    assert batch_name("55862-B 62&12") == "55862-B_62_12"
    assert pipeline_version("v2.10.0") > pipeline_version("v2.9.8") > pipeline_version("2.7.5") > pipeline_version("")


def test_dwarfs_are_dm_and_sdm():
    import pandas as pd

    given = pd.Series(["dM5", "sdM2", "gM3", "M5", "", None, "K7", "esdM1"])
    assert list(luminosity_class(given)) == ["dM", "dM", "gM", "", "", "", "", "dM"]
