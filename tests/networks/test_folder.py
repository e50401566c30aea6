"""Model folders: what does not fit is refused, and no code in them runs."""

import dataclasses
import json
import resource

import numpy as np
import pytest
import torch
from made_networks import small, train
from safetensors.torch import save_file

from mstars.core.config.networks import Architecture
from mstars.core.errors import InputError
from mstars.networks.architecture import as_dict
from mstars.networks.folder import load_model, save_model, together
from mstars.networks.inference import features, predict_classifier


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"grid": {"medium": "air", "first_angstrom": 3900.0, "step_angstrom": 1.0, "n_pixel": 5000}}, "grid"),
        ({"architecture": as_dict(Architecture())}, "do not fit the architecture"),
        ({"architecture": {"channels": [1, 1, 1, 1]}}, "architecture: keys"),
        ({"outputs": ["flat", "deep", "more"]}, "do not fit the architecture"),
        ({"format": "other"}, "format"),
        ({"kind": "oracle"}, "kind"),
        ({"kind": "regressor"}, "label_mean"),
        ({"frame": "moving"}, "frame"),
    ],
)
def test_a_model_folder_that_does_not_fit_is_refused(folder, change, message):
    description = json.loads((folder / "model.json").read_text()) | change
    (folder / "model.json").write_text(json.dumps(description))
    with pytest.raises(InputError, match=message):
        load_model(folder)


NASTY = [None, True, -1, 10**9, 10**30, 1.5, float("inf"), "../../x", [], [None], [10**9] * 4, {}, {"a": 1}, ["\ud800"]]


def places(value, above=()):
    """Every place of a tree of dictionaries and lists."""
    inner = value.items() if isinstance(value, dict) else enumerate(value[:2]) if isinstance(value, list) else ()
    yield above
    for name, item in inner:
        yield from places(item, (*above, name))


def with_value(tree, place, value):
    """A copy of a tree with another value at a place."""
    if not place:
        return value
    copy = tree.copy()
    copy[place[0]] = with_value(tree[place[0]], place[1:], value)
    return copy


def test_whatever_stands_in_model_json_is_refused_or_read_and_takes_no_memory(folder):
    description = json.loads((folder / "model.json").read_text())
    description |= {"label_mean": [3500.0, 0.0], "label_scale": [200.0, 0.5], "kind": "regressor"}
    before, refused = resource.getrlimit(resource.RLIMIT_AS), 0
    resource.setrlimit(resource.RLIMIT_AS, (8 << 30, before[1]))
    try:
        for place in places(description):
            for value in NASTY:
                (folder / "model.json").write_text(json.dumps(with_value(description, place, value)))
                try:
                    load_model(folder)
                except InputError:
                    refused += 1
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)
    assert refused > 200


def test_damaged_model_folders_are_refused(folder):
    weights = (folder / "weights.safetensors").read_bytes()
    (folder / "weights.safetensors").write_bytes(weights[:-4])
    with pytest.raises(InputError, match="damaged"):
        load_model(folder)
    (folder / "weights.safetensors").unlink()
    with pytest.raises(InputError, match="missing"):
        load_model(folder)
    (folder / "model.json").write_text("{")
    with pytest.raises(InputError, match="not JSON"):
        load_model(folder)
    (folder / "model.json").unlink()
    with pytest.raises(InputError, match="not a trained model"):
        load_model(folder)


def test_weights_that_hold_code_do_not_run(folder, tmp_path):
    import hashlib

    proof = tmp_path / "ran"

    class Hostile:
        def __reduce__(self):
            return (open, (str(proof), "w"))

    torch.save({"output.weight": Hostile()}, folder / "weights.safetensors")
    description = json.loads((folder / "model.json").read_text())
    description["weights"]["sha256"] = hashlib.sha256((folder / "weights.safetensors").read_bytes()).hexdigest()
    (folder / "model.json").write_text(json.dumps(description))
    with pytest.raises(InputError, match="not a safetensors file"):
        load_model(folder)
    assert not proof.exists()


def test_weights_that_are_not_finite_are_refused(folder):
    import hashlib

    model = load_model(folder)
    state = {key: value.contiguous() for key, value in model.network.state_dict().items()}
    state["output.bias"][0] = float("nan")
    save_file(state, folder / "weights.safetensors")
    description = json.loads((folder / "model.json").read_text())
    description["weights"]["sha256"] = hashlib.sha256((folder / "weights.safetensors").read_bytes()).hexdigest()
    (folder / "model.json").write_text(json.dumps(description))
    with pytest.raises(InputError, match="not finite"):
        load_model(folder)


@pytest.fixture
def several(tmp_path, data, folder):
    """Two trainings that differ in random numbers."""
    return [load_model(folder), train(tmp_path / "other", data, small(epochs=1), seed=9)]


def test_classifiers_together_say_the_mean_of_their_probabilities(tmp_path, data, several):
    save_model(together(several), tmp_path / "together")
    model, x = load_model(tmp_path / "together"), data[0]
    each = [predict_classifier(one, x)[1] for one in several]
    called, probability = predict_classifier(model, x)
    np.testing.assert_allclose(probability, np.mean(each, axis=0), atol=1e-6)
    assert (called == np.array(model.outputs)[np.mean(each, axis=0).argmax(axis=1)]).all()
    assert np.abs(each[0] - each[1]).max() > 1e-3
    np.testing.assert_array_equal(features(model, x), features(several[0], x))
    assert json.loads((tmp_path / "together/model.json").read_text())["members"] == 2
    assert len(together([model, several[0]]).network.members) == 3


@pytest.mark.parametrize("members", [0, 1, 3, 10**12, True, 2.0, "2", None, [2]])
def test_a_wrong_number_of_members_is_refused(tmp_path, several, members):
    save_model(together(several), tmp_path / "together")
    path = tmp_path / "together" / "model.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"members": members}))
    with pytest.raises(InputError, match="members is|do not fit the architecture"):
        load_model(tmp_path / "together")


def test_models_that_differ_are_not_put_together(several):
    with pytest.raises(InputError, match="give two or more"):
        together(several[:1])
    with pytest.raises(InputError, match="not classifiers of one task"):
        together([several[0], dataclasses.replace(several[1], outputs=["deep", "flat"])])
    with pytest.raises(InputError, match="not classifiers of one task"):
        together([dataclasses.replace(one, kind="regressor") for one in several])
