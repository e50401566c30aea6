"""How accurate the velocities are: scatter, pulls, zero point, templates against each other, real stars."""

from __future__ import annotations


def scatter(miss) -> dict:
    import numpy as np

    miss = miss[np.isfinite(miss)]
    middle = np.median(miss)
    return {
        "bias_kms": float(middle),
        "sigma_kms": float(1.4826 * np.median(np.abs(miss - middle))),
        "off_by_30": float((np.abs(miss - middle) > 30).mean()),
    }


PULL_SEEDS = (2, 3, 21, 22)
"""Of the spectra whose pulls are reported; `error_scale` and `error_floor_kms` were set with seeds 11 to 14."""


def pulls(miss, error, snr) -> dict:
    """Robust width of (error less its median) over reported error in S/N bins, and its error, 1.17 / sqrt(n)."""
    import numpy as np

    widths = {}
    for low, high in ((5, 10), (10, 20), (20, 40), (40, 80)):
        part = (snr > low) & (snr <= high)
        pull = (miss[part] - np.nanmedian(miss)) / error[part]
        width = float(1.4826 * np.nanmedian(np.abs(pull - np.nanmedian(pull))))
        widths[f"{low}-{high}"] = [round(width, 3), round(1.17 / max(part.sum(), 1) ** 0.5, 3)]
    return widths


def many_pulls(bank, tm, makers, masks, threads: int) -> dict:
    """`pulls` of all `PULL_SEEDS`, and of each: 500 spectra a bin say no more than 0.05."""
    import numpy as np
    from velocity_data import simulate

    from mstars.velocity.stage import match

    parts, each = [], {}
    for seed in PULL_SEEDS:
        spectra, rv, snr, _ = simulate(makers, 2000, (5, 80), seed, masks)
        table = match(spectra, bank, tm, threads)
        part = (table["rv_tm"].to_numpy() - rv, table["rv_tm_err"].to_numpy(), snr)
        each[seed] = [width for width, _ in pulls(*part).values()]
        parts.append(part)
    return pulls(*(np.concatenate(values) for values in zip(*parts, strict=True))) | {"each_seed": each}


def apart(bank, tm, makers, masks, threads: int) -> float:
    """The library's zero point: median difference above S/N 20 on spectra that nothing else here sees."""
    import numpy as np
    from velocity_data import simulate

    from mstars.velocity.stage import match

    spectra, rv, snr, _ = simulate(makers, 600, (5, 80), 77, masks)
    return float(np.median((match(spectra, bank, tm, threads)["rv_tm"].to_numpy() - rv)[snr > 20]))


def neighbours(bank) -> dict:
    """Each template against the one most like it, where that fits to 5 %: 0 for perfect rest frames."""
    import numpy as np

    from mstars.velocity.match.align import pair_velocities

    _, velocity, mismatch = pair_velocities(bank, neighbours=1)
    value = np.abs(velocity[mismatch[:, 0] < 0.05, 0])
    return {"n": len(value), "median_kms": float(np.median(value)), "within_3_kms": float((value < 3.0).mean())}


def for_real(tm):
    """The options with the error floors of real files."""
    from mstars.core.config.whole import filled

    real = filled({"survey": {"kind": "files"}})["rvmm"]["tm"]
    floors = {name: real[name] for name in ("error_floor_kms", "giant_floor_kms")}
    return tm.changed(**floors)


def mean_difference(miss) -> float:
    """Mean |difference| after the median, km/s."""
    import numpy as np

    return float(np.abs(miss - np.median(miss)).mean())


def real_stars(bank, tm, other=None) -> dict | None:
    """Real M dwarfs against independent velocities, beside the header's z c: scatter and a paired bootstrap.

    The bootstrap is of mean |difference| (each after its own median), ours minus the header's (or those of ``other``, a
    function of the spectra), over the same stars.
    """
    import numpy as np
    import pandas as pd
    from velocity_data import read_files, real_folder

    from mstars.velocity.stage import match

    folder = real_folder()
    if folder is None:
        return None
    table = pd.read_csv(folder / "m_star_truth.csv")
    table["rv"] = table["birky_RV_APOGEE"].fillna(table["cif03_rv"])
    table = table[table["rv"].notna() & table["rv_lamost_z"].notna()].reset_index(drop=True)
    spectra = read_files([folder / row.src / row.file for row in table.itertuples()])
    matched = match(spectra, bank, for_real(tm))
    ours = matched["rv_tm"].to_numpy() - table["rv"].to_numpy()
    header = ((table["rv_lamost_z"] if other is None else other(spectra)) - table["rv"]).to_numpy()
    gain = np.abs(ours - np.median(ours)) - np.abs(header - np.median(header))
    rng = np.random.default_rng(1)
    means = [gain[rng.integers(0, len(gain), len(gain))].mean() for _ in range(4000)]
    low, high = np.percentile(means, [2.5, 97.5])
    pull = (ours - np.median(ours)) / matched["rv_tm_err"].to_numpy()
    worst = {"worst_kms": float(np.abs(ours - np.median(ours)).max()), "mean_kms": mean_difference(ours)}
    worst |= {"pull": float(1.4826 * np.median(np.abs(pull))), "pull_rms": float((pull**2).mean() ** 0.5)}
    return {
        "n": len(gain),
        "ours": scatter(ours) | worst,
        "header" if other is None else "theirs": scatter(header) | {"mean_kms": mean_difference(header)},
        "gain_kms": [round(float(v), 2) for v in (gain.mean(), low, high)],
    }


def bright_and_faint(name: str, miss, snr) -> dict:
    """`scatter` above and up to S/N 20."""
    return {name.format("bright"): scatter(miss[snr > 20]), name.format("faint"): scatter(miss[snr <= 20])}
