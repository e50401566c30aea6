"""Settings of the engine slam: the config section ``engines.slam``."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from mstars.core.config.keys import List, Section, Span, Spans, key, path, subsection
from mstars.engines.settings import Band, EngineSettings, Limits
from mstars.engines.slam.info import H_ALPHA

Positive = Annotated[float, Field(gt=0)]
Positives = Annotated[tuple[Positive, ...], List, Field(min_length=1)]
Shares = Annotated[tuple[Annotated[float, Field(gt=0, lt=1)], ...], List, Field(min_length=2, max_length=2)]


class Normalisation(Section):
    """The continuum: two smoothing splines, the second through the pixels that lie high above the first."""

    PLACE: ClassVar[str] = "engines.slam.normalisation"
    p: Shares = key((1e-8, 1e-7), "smoothing parameters of the two splines, as in csaps: near 0 is stiff")
    quantile: float = key(0.7, "quantile of the residuals in a bin that the second spline follows", gt=0, lt=1)
    bin: float = key(10.0, "width of a bin", unit="angstrom", gt=0)
    keep: float = key(2.0, "pixels within so many median absolute deviations of the quantile stay", gt=0)
    deviation: Literal["bin", "spectrum"] = key(
        "bin", "the deviation is that of the bin, or of the whole spectrum as in the authors' program"
    )


class Hyper(Section):
    """Hyper-parameters: every pixel takes the triple of the least cross-validated error (Eq. 1)."""

    PLACE: ClassVar[str] = "engines.slam.hyper"
    C: Positives = key((0.1, 1.0, 10.0), "penalties that are tried")
    epsilon: Positives = key((0.05, 0.1), "half widths of the tube that are tried, in units of a pixel's spread")
    gamma: Positives = key((0.1, 0.3, 1.0), "kernel coefficients that are tried, for labels with variance 1")
    cv: int = key(5, "parts of the cross-validation", ge=2, le=20)
    every: int = key(8, "all triples are tried on every so manieth pixel, the best three on all", ge=1, le=100)


class TheoryHyper(Hyper):
    """Hyper-parameters of the model of the theory grid, whose spectra have no noise."""

    PLACE: ClassVar[str] = "engines.slam.theory_hyper"
    C: Positives = key((10.0, 100.0, 1000.0), "penalties that are tried")
    epsilon: Positives = key((0.01,), "half widths of the tube that are tried, in units of a pixel's spread")
    gamma: Positives = key((0.1, 0.3, 0.6), "kernel coefficients that are tried, for labels with variance 1")


class SlamSettings(EngineSettings):
    """SLAM: the flux of each pixel as a support vector regression on the labels, fitted to spectra."""

    PLACE: ClassVar[str] = "engines.slam"
    labels: Annotated[tuple[Literal["teff", "m_h", "logg", "alpha_m"], ...], List, Field(min_length=2)] = key(
        ("teff", "m_h"), "labels of the model, teff and m_h first; the released model has logg and alpha_m too"
    )
    recipe: Literal["default", "paper", "astroslam"] = key(
        "default", "default; paper: Eq. 3 as printed; astroslam: as the authors' program fits"
    )
    model: Literal["svr", "krr"] = key("svr", "svr: support vector regression; krr: kernel ridge, another model")
    model_error: Literal["covariance", "cv_minus_noise", "cv_mse", "training_mse_squared"] = key(
        "covariance",
        "errors of the model in Eq. 3: covariance of the cross-validated residuals; the variance of each pixel alone: "
        "of these less the spectra's noise, with it, or the square of the training error as in the authors' program",
        follows=("recipe", {"paper": "cv_mse", "astroslam": "training_mse_squared"}),
    )
    weights: Literal["noise", "none"] = key(
        "noise",
        "weight of a training spectrum in a pixel: the root of 2 m / (m + v), noise of variance v and median m; or 1",
        follows=("recipe", {"paper": "none", "astroslam": "none"}),
    )
    modes: int = key(
        16, "changes of the flux beyond the labels that stars share, in model_error: covariance; 0: none", ge=0, le=100
    )
    shrinkage: Literal["corrected", "kept"] = key(
        "corrected",
        "fits lie nearer to the middle of the labels than stars; corrected: by the cross-validation",
        follows=("recipe", {"paper": "kept", "astroslam": "kept"}),
    )
    loss: Literal["square", "soft_l1"] = key("square", "loss of the fit", follows=("recipe", {"astroslam": "soft_l1"}))
    drop_noisy: bool = key(
        False,
        "leave out pixels whose noise, or the model's error beside it, is above their spread among the training stars",
        follows=("recipe", {"astroslam": True}),
    )
    grow_gaps: bool = key(
        False,
        "leave out one pixel on each side of a gap, two of a gap of six or more, and pixels whose noise is above the "
        "continuum, as the authors' program",
        follows=("recipe", {"astroslam": True}),
    )
    outliers: float | None = key(
        6.0,
        "leave out single pixels so many standard deviations from the fit, as cosmic rays leave them; null: none",
        follows=("recipe", {"paper": None, "astroslam": None}),
        gt=3,
    )
    shift: bool = key(True, "shift spectra to the rest frame; the paper does not say")
    mask: Spans = key(H_ALPHA, "wavelengths left out (vacuum)", unit="angstrom")
    normalisation: Normalisation = subsection(Normalisation)
    hyper: Hyper = subsection(Hyper)
    landmarks: int = key(600, "the most landmarks of a kernel; with two labels fewer are exact", ge=10, le=3000)
    box: float = key(0.05, "labels are fitted within those of the training set, widened by this share", ge=0, le=1)
    aspcap_class: Literal["consistent", "any"] = key(
        "any", "the d or g of ASPCAP_CLASS must agree with luminosity_class; any: no cut"
    )
    cuts: dict[str, Limits] = key(
        {
            "teff": (2800, 4500),
            "teff_label_err": (None, 100),
            "m_h": (-2, 0.5),
            "m_h_label_err": (None, 0.1),
            "logg": (4, None),
            "snri": (5, None),
        },
        "limits (included, null for none) of labels, their errors and S/N in the training set, by column",
    )
    least_snr: dict[Band, float] = key(
        {"snri": 5}, "S/N that a spectrum must exceed, by band; with less it is flagged below_snr"
    )
    theory: str | None = path(
        "theory grid for TEFF_BT: theory.h5, an .npz, or a folder of spectra; null: none; planted: the simulation's",
        "planted",
    )
    theory_medium: Literal["air", "vacuum"] | None = key(
        None, "medium of the grid's wavelengths, where it does not say"
    )
    theory_resolution: float | None = key(None, "lambda/FWHM of the grid; null: high, or as it says itself", gt=0)
    theory_box: dict[str, Span] = key(
        {"teff": (2800, 4500), "m_h": (-1, 0), "logg": (4.5, 5.5)}, "labels within which TEFF_BT is fitted"
    )
    theory_hyper: TheoryHyper = subsection(TheoryHyper)
    theory_resample: int = key(
        0,
        "spectra that a second model is trained on, drawn from the first (the paper: 15000); 0: the first alone",
        ge=0,
    )


OF_FIT = (
    *("labels", "model", "model_error", "weights", "modes", "shrinkage", "loss", "drop_noisy"),
    *("outliers", "shift", "normalisation", "grow_gaps"),
)
"""What a model folder and the config that uses it must agree in."""
OF_SEARCH = (*OF_FIT, "hyper", "landmarks", "box")
"""What decides the files of a search, beside the training set and the grid."""

SETTINGS = SlamSettings
