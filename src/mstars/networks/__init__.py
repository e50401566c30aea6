"""The paper's convolutional networks (Li et al. 2025, section 3.3): training, model folders, prediction."""

from mstars.on_demand import on_demand

__getattr__, __all__ = on_demand(
    __name__,
    {
        "architecture": ["GRID", "Architecture", "build_network"],
        "data": ["load_inputs", "write_inputs"],
        "folder": ["Model", "load_model", "save_model"],
        "inference": [
            "Ensemble",
            "features",
            "place",
            "predict",
            "predict_classifier",
            "predict_ensemble",
            "predict_regressor",
        ],
        "settings": ["Settings"],
        "training": ["class_weights", "train_classifier", "train_regressor"],
    },
)
