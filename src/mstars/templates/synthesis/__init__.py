"""A theory grid that is computed here: model atmospheres, line lists, a program that solves for the spectrum."""
