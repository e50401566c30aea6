"""Products made of the stages' tables."""

from mstars.catalog.rows import classification_table, recommended_table


def keys(n, start=0):
    return [f"56000-P-sp01-{i:03d}" for i in range(start, start + n)]


def recommended(stages):
    names = ("v3", "spectra", "gaia", "photometry", "parameters", "quality")
    return recommended_table(*(stages[name] for name in names))


def classified(stages):
    names = ("v0", "rejected", "v2", "non_m_v1", "non_m_v2", "photometry")
    return classification_table(*(stages[name] for name in names))
