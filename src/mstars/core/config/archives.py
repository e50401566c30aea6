"""Where catalogues and spectra come from when they are not on disk."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from mstars.core.config.keys import List, Section, key, path, subsection

Published = Literal["binaries", "occam", "ding2022", "qiu2023", "li2021", "liang2022"]
Fetched = Literal["lamost", "gaia", "allwise", "apogee", "apogee_dr17", "dust_map", "starhorse"] | Published
Identifier = Annotated[str, Field(pattern=r"^[A-Z]+/[A-Za-z0-9+&/._-]+$")]


class TapTable(Section):
    """A table of a TAP service."""

    url: str = Field(description="address of the service", min_length=8)
    table: str = Field(description="name of the table", min_length=1)
    distances: str | None = key(None, "table of Bailer-Jones distances by source_id at the same service")


Tables = Annotated[tuple[TapTable, ...], List]
Urls = Annotated[tuple[str, ...], List]


class LamostArchive(Section):
    """LAMOST's archive; {name} is a file, {obsid}, {obsdate}, {planid} and {lmjd} are of a spectrum."""

    PLACE: ClassVar[str] = "acquire.lamost"
    catalogue_url: str = key(
        "https://www.lamost.org/dr10/v1.0/catdl?name={name}", "address of a catalogue", min_length=8
    )
    spectrum_url: str = key(
        "https://www.lamost.org/dr10/v1.0/spectrum/fits/{obsid}",
        "address of a spectrum",
        min_length=8,
    )
    m_catalog: str = key("dr10_v1.0_LRS_mstellar.fits.gz", "file of the M catalogue", min_length=1)
    general_catalog: str | None = path("file of the general catalogue; null: none", "dr10_v1.0_LRS_catalogue.fits.gz")
    afgk_catalog: str | None = path("file of the AFGK catalogue; null: none", "dr10_v1.0_LRS_stellar.fits.gz")
    wd_catalog: str | None = path("file of the catalogue of white dwarfs; null: none", "dr10_v1.0_LRS_wd.fits.gz")
    parts: int = key(100, "jobs that the spectra are fetched in", ge=1, le=10_000)


class VizierTables(Section):
    """Identifiers in VizieR of the tables of other works; null: not known to us."""

    PLACE: ClassVar[str] = "acquire.identifiers"
    binaries: Identifier | None = key("J/MNRAS/506/2269/catalog", "wide binaries of El-Badry et al. 2021")
    occam: Identifier | None = key("J/AJ/159/199", "open clusters of OCCAM, Donor et al. 2020")
    ding2022: Identifier | None = key(None, "M stars of Ding et al. 2022, ApJS 260, 45")
    qiu2023: Identifier | None = key(None, "M giants of Qiu et al. 2023, RAA 23, 055008")
    li2021: Identifier | None = key(None, "M dwarfs of Li et al. 2021, ApJS 253, 45")
    liang2022: Identifier | None = key(None, "Liang et al. 2022, AJ 163, 153")


class Acquire(Section):
    """What is fetched from archives where the config names no local file, or one that is not there."""

    PLACE: ClassVar[str] = "acquire"
    fetch: Annotated[tuple[Fetched, ...], List] = key(
        (), "what to fetch: lamost, gaia (with distances), allwise and so on; docs/data.md has a line for each"
    )
    vizier: Annotated[tuple[Identifier, ...], List] = key(
        (), "identifiers of more tables of VizieR to fetch, as J/ApJ/804/64/stars"
    )
    identifiers: VizierTables = subsection(VizierTables)
    token_variable: str = key("LAMOST_TOKEN", "environment variable that holds LAMOST's token", min_length=1)
    token_file: str | None = path("or a file that holds it and nothing else")
    downloads: int = key(4, "files fetched at once by a job", ge=1, le=32)
    attempts: int = key(6, "tries of an address before the next one", ge=1, le=50)
    timeout: float = key(60.0, "the longest silence of a server", unit="s", gt=0)
    lamost: LamostArchive = subsection(LamostArchive)
    gaia: Tables = key(
        (
            TapTable(
                url="https://gea.esac.esa.int/tap-server/tap",
                table="gaiadr3.gaia_source",
                distances="external.gaiaedr3_distance",
            ),
            TapTable(
                url="https://tapvizier.cds.unistra.fr/TAPVizieR/tap",
                table='"I/355/gaiadr3"',
                distances='"I/352/gedr3dis"',
            ),
        ),
        "TAP services of Gaia DR3, in the order to be asked",
    )
    allwise: Tables = key(
        (
            TapTable(url="https://irsa.ipac.caltech.edu/TAP", table="allwise_p3as_psd"),
            TapTable(url="https://tapvizier.cds.unistra.fr/TAPVizieR/tap", table='"II/328/allwise"'),
        ),
        "TAP services of AllWISE",
    )
    tap_seconds: float = key(3600.0, "a TAP job that takes longer is aborted and sent again in halves", unit="s", gt=0)
    tap_poll: float = key(5.0, "pause between two questions after a TAP job", unit="s", gt=0)
    tap_places: int = key(20_000, "the most places of an upload", ge=16)
    apogee: Urls = key(
        ("https://data.sdss.org/sas/dr16/apogee/spectro/aspcap/r12/l33/allStar-r12-l33.fits",),
        "addresses of allStar, in the order to be tried",
    )
    apogee_dr17: Urls = key(
        ("https://data.sdss.org/sas/dr17/apogee/spectro/aspcap/dr17/synspec_rev1/allStar-dr17-synspec_rev1.fits",),
        "addresses of allStar of DR17",
    )
    starhorse: Tables = key(
        (
            TapTable(url="https://tapvizier.cds.unistra.fr/TAPVizieR/tap", table='"I/354/starhorse2021"'),
            TapTable(url="https://gaia.aip.de/tap", table="gaiaedr3_contrib.starhorse"),
        ),
        "TAP services of StarHorse, Anders et al. 2022",
    )
    dataverse: str = key("https://dataverse.harvard.edu", "address of the Dataverse that has Bayestar19", min_length=8)
    vizier_url: str = key("https://vizier.cds.unistra.fr/viz-bin/asu-tsv", "address of VizieR's tables", min_length=8)
