"""The paper's convolutional networks (Li et al. 2025, section 3.3): training, model folders, prediction."""

from mstars.networks.architecture import GRID, Architecture, build_network
from mstars.networks.data import load_inputs, write_inputs
from mstars.networks.folder import Model, load_model, save_model
from mstars.networks.inference import (
    Ensemble,
    features,
    predict,
    predict_classifier,
    predict_ensemble,
    predict_regressor,
)
from mstars.networks.settings import Settings
from mstars.networks.training import class_weights, train_classifier, train_regressor

__all__ = [
    "GRID",
    "Architecture",
    "Ensemble",
    "Model",
    "Settings",
    "build_network",
    "class_weights",
    "features",
    "load_inputs",
    "load_model",
    "predict",
    "predict_classifier",
    "predict_ensemble",
    "predict_regressor",
    "save_model",
    "train_classifier",
    "train_regressor",
    "write_inputs",
]
