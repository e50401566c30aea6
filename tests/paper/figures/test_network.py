"""Figure 2, the network."""

from mstars.core.config.networks import Architecture
from mstars.networks.architecture import as_dict
from mstars.paper.figures.network import draw_network, layer_sizes
from mstars.paper.figures.style import save


def test_the_network_is_drawn_with_the_sizes_it_has(tmp_path):
    architecture = Architecture()
    sizes = layer_sizes(as_dict(architecture))
    assert [length for name, _, length in sizes if name.startswith("max-pool")] == architecture.lengths()
    figure = draw_network(as_dict(architecture), {"CNN-SPT": ["A", "M"], "CNN-TLMA": ["teff"]})
    save(figure, [tmp_path / "a.png"], dpi=50)
    assert any(f"{architecture.n_features} inputs" in text.get_text() for text in figure.axes[0].texts)
