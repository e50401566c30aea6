"""Thresholds of selection and consensus (config section ``rvmm.selection``)."""

from __future__ import annotations

from dataclasses import dataclass

from mstars.core.errors import InputError


@dataclass(frozen=True)
class SelectionOptions:
    """Thresholds of selection and consensus; the config's ``rvmm.selection`` holds the same keys.

    Attributes
    ----------
    tm_sigma, dsal_sigma : float
        Half widths of the bands of Fig. 10, in standard deviations (3 and 2).
    check_speed_kms : float
        Reliable LAMOST velocities faster than this are looked at too (150).
    dsal_band : {'outside', 'all'}
        Which spectra give the mean and sigma of the DSAL bands: those outside TM's band (the paper, whose thousands of
        spectra allow it), or all that have the method's velocity. Compared are those outside TM's band only.
    min_for_band : int
        With fewer differences, the paper's own mean and standard deviation are taken.
    consensus : {'support', 'order'}
        How the label is found where no one has looked (`consensus`).
    agree_sigma : float
        TM and DSAL agree when within this many of their combined errors.
    agree_floor_kms : float
        Least combined error taken for that.
    max_error_kms : float
        A method with a larger error is not used.
    max_speed_kms : float
        Methods that agree on more than this: NoRV_waveErr.
    line_error_floor_kms : float
        Least error of a DSAL or DSEL velocity when methods are compared (of DSAL by fewer than six lines
        `LINE_ERROR_KMS`): few lines agree by chance.
    lamost_error_kms : float or None
        Least error of LAMOST's velocity when methods are compared; None: the error that this survey's repeats and Gaia
        velocities show (`mstars.velocity.decide.lamost_error`).
    keep_sigma : float
        LAMOST's velocity stays when within so many combined errors of the mean of those that agree.
    single_error_kms : float
        A method that nothing supports replaces LAMOST's velocity only with a smaller error; TM with a larger one gives
        way to a more certain method that agrees with it.
    wave_disagree_kms : float
        NoRV_waveErr, when TM and DSAL (red) are both this far, on the same side, from TML7500 (blue), and 3 sigma; or
        when the velocities of the blue arm and of the end beyond 7500 A are both this far from that between, and
        ``wave_sigma`` sigma.
    wave_sigma : float
    low_quality_snri : float
        Candidates below this S/N in i are NoRV_lowQuality, unless queued for LAMOST's speed alone.
    """

    tm_sigma: float = 3.0
    dsal_sigma: float = 2.0
    check_speed_kms: float = 150.0
    dsal_band: str = "all"
    min_for_band: int = 30
    consensus: str = "support"
    agree_sigma: float = 3.0
    agree_floor_kms: float = 5.0
    max_error_kms: float = 60.0
    max_speed_kms: float = 1000.0
    line_error_floor_kms: float = 8.0
    lamost_error_kms: float | None = None
    keep_sigma: float = 3.0
    single_error_kms: float = 25.0
    wave_disagree_kms: float = 45.0
    wave_sigma: float = 4.0
    low_quality_snri: float = 3.0

    def __post_init__(self):
        if self.consensus not in ("support", "order"):
            raise InputError(f"rvmm.selection.consensus: {self.consensus!r} is not one of support, order")
        if self.dsal_band not in ("outside", "all"):
            raise InputError(f"rvmm.selection.dsal_band: {self.dsal_band!r} is not one of outside, all")
