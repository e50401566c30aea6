"""Selection of wrong velocities and the consensus, config section ``rvmm.selection`` (section 3.4.3 of the paper)."""

from __future__ import annotations

from typing import ClassVar, Literal

from mstars.core.config.keys import Section, key


class SelectionOptions(Section):
    """Which velocities are doubted (Fig. 10), and the consensus where no one has looked."""

    PLACE: ClassVar[str] = "rvmm.selection"
    tm_sigma: float = key(3, "half width of the TM band", unit="sigma", gt=0, where="3.4.3")
    dsal_sigma: float = key(2, "half width of the DSAL bands", unit="sigma", gt=0, where="3.4.3")
    check_speed_kms: float = key(
        150, "reliable LAMOST velocities faster than this are looked at too", unit="km/s", gt=0, where="3.4.3"
    )
    dsal_band: Literal["all", "outside"] = key(
        "all",
        "spectra that give mean and sigma of the DSAL bands: all that have the velocity, or those outside the TM band, "
        "whose bands are so wide that 27 to 42 % of the wrong velocities pass, 5 to 11 % with all; compared are those "
        "outside it only",
        paper="outside",
        where="Fig. 10",
    )
    min_for_band: int = key(30, "with fewer differences the paper's own mean and standard deviation are taken", ge=2)
    consensus: Literal["support", "order"] = key(
        "support",
        "support: the velocity that all methods contradict least; order: TM if DSAL agrees, else the least error",
    )
    agree_sigma: float = key(3, "methods agree within so many of their combined errors", unit="sigma", gt=0)
    agree_floor_kms: float = key(5, "the least combined error for that", unit="km/s", ge=0)
    max_error_kms: float = key(60, "a method with a larger error is not used", unit="km/s", gt=0)
    max_speed_kms: float = key(
        1000, "methods that agree on more than this: NoRV_waveErr", unit="km/s", gt=0, where="3.4.3"
    )
    line_error_floor_kms: float = key(
        8,
        "least error of DSAL and DSEL when methods are compared, as few lines agree by chance (DSAL by 2 to 5 lines: "
        "45, 25, 14, 11)",
        unit="km/s",
        ge=0,
    )
    lamost_error_kms: float | None = key(
        None,
        "error of LAMOST's velocity when methods are compared; null: measured on Gaia and repeats; a number: at least "
        "so much",
        unit="km/s",
        ge=0,
    )
    keep_sigma: float = key(
        3,
        "support: LAMOST's velocity stays within so many combined errors of the mean of those that agree",
        unit="sigma",
        ge=0,
    )
    single_error_kms: float = key(
        25,
        "a method that nothing supports replaces LAMOST's velocity only with a smaller error; TM with a larger one "
        "gives way to a more certain method that agrees with it",
        unit="km/s",
        ge=0,
    )
    wave_disagree_kms: float = key(
        45,
        "NoRV_waveErr: TM and DSAL both this far, and 3 sigma, on the same side, from TML7500; or the blue arm and the "
        "end beyond 7500 A both this far from what lies between",
        unit="km/s",
        gt=0,
    )
    wave_sigma: float = key(4, "the same in sigma, for the two ends", unit="sigma", ge=0)
    low_quality_snri: float = key(
        3, "candidates below this S/N_i are NoRV_lowQuality, unless queued for LAMOST's speed alone"
    )
