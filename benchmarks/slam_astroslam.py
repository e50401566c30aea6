"""The authors' program on the spectra of benchmarks/slam.py, in an environment of its own.

``PYTHON benchmarks/slam_astroslam.py IN.npz OUT.npz``, PYTHON of Python 3.11 with numpy 1.23.5, scipy 1.10.1,
scikit-learn 1.2.2, pandas 1.5.3, astropy 5.2.2, matplotlib 3.7.5, joblib and emcee, and then
``pip install --no-deps astroslam==1.2022.1228.1``. Names that newer Pythons and packages lack are put in place first.
"""

import collections
import collections.abc
import sys
import time
import types

import numpy as np


class Absent(types.ModuleType):
    """A package that is imported and not needed."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return Absent(name)


for name in ("Set", "Mapping", "MutableMapping", "Sequence", "Iterable", "Callable"):
    setattr(collections, name, getattr(collections.abc, name))
for name in ("ipyparallel", "lmfit", "laspec", "laspec.normalization", "laspec.ccf"):
    sys.modules.setdefault(name, Absent(name))
for name, value in (("bool", bool), ("float", float), ("int", int), ("object", object)):
    if name not in np.__dict__:
        setattr(np, name, value)

sys.path.pop(0)  # this folder has another slam
from slam import Slam  # noqa: E402

given = np.load(sys.argv[1])
model = Slam(given["wave"], given["flux"], given["ivar"], given["labels"], scale=True)
begin = time.perf_counter()
grid = {name: [float(given[name])] for name in ("C", "gamma", "epsilon")}
model.train_pixels(None, "all", method="grid", param_grid=grid, cv=3, n_jobs=1, verbose=0, backend="threading")
train = time.perf_counter() - begin
given_test = given["test_flux"], given["test_ivar"]
test_flux, test_ivar = model.heal_the_world(given_test[0].copy(), given_test[1].copy(), **model.heal_kwargs)
start = model.predict_labels_quick(given_test[0].copy(), given_test[1].copy())
begin = time.perf_counter()
found = model.predict_labels_multi(start, given_test[0].copy(), given_test[1].copy(), n_jobs=1, verbose=0)
seconds = (time.perf_counter() - begin) / len(start)
support = np.zeros((len(given["flux"]), len(model.sms)))
for pixel, one in enumerate(model.sms):
    machine = getattr(one.regressor, "best_estimator_", one.regressor)
    rows = np.flatnonzero(model.tr_ivar[:, pixel] > 0)[machine.support_]
    support[rows, pixel] = machine.dual_coef_[0]
offset = [float(getattr(one.regressor, "best_estimator_", one.regressor).intercept_[0]) for one in model.sms]
np.savez(
    sys.argv[2],
    labels=np.array([one["x"] for one in found]),
    **{name: np.array([one[name] for one in found]) for name in ("cost", "nfev", "status", "optimality", "pstd")},
    start=start,
    support=support,
    offset=offset,
    mse=-model.training_nmse(1, False),
    ivar=model.tr_ivar,
    test_ivar=test_ivar,
    train=train,
    seconds=seconds,
)
