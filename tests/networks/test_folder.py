"""Model folders: what does not fit is refused, and no code in them runs."""

import json
import resource

import pytest
import torch
from safetensors.torch import save_file

from mstars.core.config.networks import Architecture
from mstars.core.errors import InputError
from mstars.networks.architecture import as_dict
from mstars.networks.folder import load_model


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
