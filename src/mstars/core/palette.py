"""Colours that colour-blind readers can tell apart (Okabe & Ito 2008)."""

RED, BLUE, GREEN, ORANGE = "#D55E00", "#0072B2", "#009E73", "#E69F00"
PURPLE, SKY, YELLOW, GREY, BLACK = "#CC79A7", "#56B4E9", "#F0E442", "#8A8A8A", "#000000"
