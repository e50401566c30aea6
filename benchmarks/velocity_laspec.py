"""laspec's cross-correlation on spectra of a file: run by `velocity_peers.py` with an interpreter that has laspec.

    python velocity_laspec.py given.npz found.npz

Needs only numpy and laspec (2023.819.0 wants numpy before 1.24 and a scipy before 1.13, which Python 3.9 still gets).
"""

import sys
import time

import numpy as np
from laspec.ccf import RVM


def flat(x, flux):
    """Divided by a quartic."""
    return flux / np.polyval(np.polyfit(x, flux, 4), x)


def main():
    given = np.load(sys.argv[1])
    low, high = given["range"]
    wave, wavelength, fluxes = given["wave"], given["wavelength"], given["flux"]

    def x(values):
        return (values - low) / (high - low)

    start = time.process_time()
    rows = np.array([flat(x(wave), row) for row in given["templates"]])
    machine = RVM(np.arange(len(rows))[:, None], wave, rows)
    machine.make_cache("red", (low, high), (-600, 600, 10))
    cached = time.process_time()
    velocity = []
    for row, good in enumerate(given["good"]):
        here = wavelength[good]
        velocity.append(machine.measure(here, flat(x(here), fluxes[row, good]), cache_name="red")["rv_opt"])
    used = time.process_time() - cached
    np.savez(sys.argv[2], velocity=np.array(velocity, float), core=used, cache=cached - start)


if __name__ == "__main__":
    main()
