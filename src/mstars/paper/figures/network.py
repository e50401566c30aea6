"""The network, drawn from a trained model's own description (Figure 2)."""

from __future__ import annotations

from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, Rectangle

from mstars.paper.figures.colours import BLACK, BLUE, GREEN, GREY, ORANGE, SKY
from mstars.paper.figures.style import LABEL, PAGE_WIDTH, new_figure, styled


def layer_sizes(architecture: dict) -> list[tuple[str, int, int]]:
    """Name, channels and pixels of the input, and of what each convolution and pool gives (without padding).

    Parameters
    ----------
    architecture : dict
        n_pixel, and lists channels, kernels, strides, pools, as in model.json.
    """
    length = int(architecture["n_pixel"])
    sizes = [("input\nspectrum", 1, length)]
    names = ("channels", "kernels", "strides", "pools")
    for channels, kernel, stride, pool in zip(*(architecture[name] for name in names), strict=True):
        length = (length - kernel) // stride + 1
        sizes.append((f"conv {kernel}" + (f",\nstride {stride}" if stride > 1 else ""), channels, length))
        length //= pool
        sizes.append((f"max-pool {pool}", channels, length))
    return sizes


@styled
def draw_network(architecture: dict, outputs: dict[str, list[str]]) -> Figure:
    """Layers of the network with their sizes, and what each model puts out (Figure 2).

    Parameters
    ----------
    architecture : dict
        As for `layer_sizes`.
    outputs : dict of str to list of str
        By model name its classes or labels.
    """
    sizes = layer_sizes(architecture)
    figure = new_figure(PAGE_WIDTH, 2.7)
    axes = figure.subplots()
    axes.set_axis_off()
    longest = max(length for *_, length in sizes)
    for number, (name, channels, length) in enumerate(sizes):
        color = SKY if number == 0 else BLUE if name.startswith("conv") else ORANGE
        height = 0.25 + 2.2 * (length / longest) ** 0.35
        _block(axes, number, height, color, name, f"{channels} × {length}")
        _arrow(axes, number)
    last = len(sizes)
    features = sizes[-1][1] * sizes[-1][2]
    _block(axes, last, 1.6, GREEN, "fully\nconnected", f"{features} inputs")
    for number, (model, names) in enumerate(outputs.items()):
        y = 1.0 * ((len(outputs) - 1) / 2 - number)
        shown = ", ".join(LABEL.get(name, name) for name in names)
        axes.text(last + 1.0, y, f"{model}\n{shown}", fontsize=6.5, va="center")
        axes.plot([last + 0.35, last + 0.92], [0, y], color=GREY, lw=0.6)
    axes.set_xlim(-0.7, last + 4.6)
    axes.set_ylim(-1.7, 1.8)
    axes.set_title("Each convolution: max-pool, then ReLU; classifiers end in a softmax, CNN-TLMA has none", fontsize=7)
    return figure


def _block(axes, x: float, height: float, color: str, name: str, size: str) -> None:
    axes.add_patch(
        Rectangle((x - 0.28, -height / 2), 0.56, height, facecolor=color, edgecolor=BLACK, lw=0.5, alpha=0.75)
    )
    axes.text(x, height / 2 + 0.08, name, ha="center", va="bottom", fontsize=6)
    axes.text(x, -height / 2 - 0.08, size, ha="center", va="top", fontsize=6)


def _arrow(axes, x: float) -> None:
    axes.add_patch(FancyArrowPatch((x + 0.3, 0), (x + 0.7, 0), arrowstyle="->", mutation_scale=5, lw=0.5, color=BLACK))
