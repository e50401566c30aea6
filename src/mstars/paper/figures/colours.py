"""Colours of figures by their place in the style's cycle (``axes.prop_cycle``), so that a style file can change them.

The packaged style has the colours of `mstars.core.palette` in this order.
"""

ALL = tuple(f"C{place}" for place in range(9))
RED, BLUE, GREEN, ORANGE, PURPLE, SKY, YELLOW, GREY, BLACK = ALL
