"""Figure 2, the network."""

from mstars.networks.architecture import Architecture
from mstars.paper.figures.network import draw_network, layer_sizes
from mstars.paper.figures.style import save


def test_the_network_is_drawn_with_the_sizes_it_has(tmp_path):
    architecture = Architecture()
    sizes = layer_sizes(architecture.as_dict())
    assert [length for name, _, length in sizes if name.startswith("max-pool")] == architecture.lengths()
    figure = draw_network(architecture.as_dict(), {"CNN-SPT": ["A", "M"], "CNN-TLMA": ["teff"]})
    save(figure, [tmp_path / "a.png"], dpi=50)
    assert any(f"{architecture.n_features} inputs" in text.get_text() for text in figure.axes[0].texts)
