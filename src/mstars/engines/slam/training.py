"""A forward model of labelled spectra: the chosen triple of each pixel fitted to the stars of a part."""

from __future__ import annotations

import logging
from collections.abc import Mapping

import numpy as np

from mstars.engines.slam.forward import ForwardModel, Group, Scaling
from mstars.engines.slam.kernel import landmark_features
from mstars.engines.slam.search import Sample, Search, fitting
from mstars.engines.slam.svr import Solver

LOG = logging.getLogger("mstars")


def fit_model(sample: Sample, scaling: Scaling, found: Search, settings: Mapping) -> ForwardModel:
    """Fit every pixel with its triple.

    Parameters
    ----------
    sample : Sample
    scaling : Scaling
    found : Search
    settings : mapping
        The engine's: ``landmarks``, ``model``.

    Returns
    -------
    ForwardModel
    """
    groups, fit = [], fitting(settings)
    kept = [found.triples[number] for number in found.finalists]
    for gamma in sorted({options.gamma for options in kept}):
        own = [number for number in found.finalists if found.triples[number].gamma == gamma]
        pixels = np.flatnonzero(np.isin(found.chosen, own))
        if not len(pixels):
            continue
        features = landmark_features(sample.labels, gamma, settings["landmarks"])
        solver = Solver(features, sample.labels)
        weights, offset = np.empty((len(features), len(pixels))), np.empty(len(pixels))
        for number in own:
            inside = found.chosen[pixels] == number
            part = pixels[inside]
            arguments = (solver, sample.flux[:, part], sample.weight[:, part], found.triples[number])
            if not len(part):
                continue
            weights[:, inside], offset[inside] = fit(*arguments, None)
            LOG.info("fitted %d pixels with %s, %d landmarks", len(part), found.triples[number], len(features))
        groups.append(Group(features, pixels, weights, offset))
    return ForwardModel(scaling, tuple(groups))
