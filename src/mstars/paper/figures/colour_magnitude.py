"""The colour-magnitude diagram: Figure 6."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from mstars.paper.figures.colours import BLACK
from mstars.paper.figures.style import COLUMN_WIDTH, density, new_figure, no_data, note, styled


@styled
def draw_cmd(photometry: pd.DataFrame, polygon: np.ndarray, line: tuple[float, float]) -> Figure:
    """Extinction-corrected Gaia colour-magnitude diagram with the regions of dwarfs and giants (Figure 6).

    Parameters
    ----------
    photometry : pandas.DataFrame
        bp_rp_0 (mag), M_G_0 (mag), CMD_flag; rows with CMD_flag = 1 are shown.
    polygon : ndarray, [4, 2]
        Corners of the dwarf region in force, in the order of its sides: colour, M_G.
    line : tuple of float
        Slope and intercept of the giants' limit, M_G = slope * colour + intercept.
    """
    figure = new_figure(COLUMN_WIDTH, 4.0)
    axes = figure.subplots()
    shown = photometry[(photometry["CMD_flag"] == 1) & photometry["bp_rp_0"].notna() & photometry["M_G_0"].notna()]
    axes.set_xlabel(r"$(G_{\rm BP} - G_{\rm RP})_0$ (mag)")
    axes.set_ylabel(r"$M_G$ (mag)")
    if len(shown):
        x, y = shown["bp_rp_0"].to_numpy(float), shown["M_G_0"].to_numpy(float)
        image = density(axes, x, y, extent=(-1.0, 6.0, -8.0, 18.0))
        if image is not None:
            figure.colorbar(image, ax=axes, label="Spectra per cell", pad=0.02, fraction=0.05)
        where = shown["CMD_pos"].value_counts()
        note(axes, "\n".join(f"{name}: {where.get(name, 0)}" for name in ("dM", "gM", "other")), "lower left")
    else:
        no_data(axes, "no spectrum with CMD_flag = 1\n(is there a Gaia catalogue?)")
    closed = np.vstack([polygon, polygon[:1]])
    axes.plot(*closed.T, "--", color=BLACK)
    colour = np.array([0.0, 6.0])
    axes.plot(colour, line[0] * colour + line[1], "--", color=BLACK)
    axes.text(0.4, -4.5, "gM", ha="center")
    axes.text(3.9, 11.0, "dM", ha="center")
    axes.set_xlim(-1.0, 5.6)
    axes.set_ylim(17.5, -7.0)
    return figure
