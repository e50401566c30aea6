"""A trained Cycle-StarNet as the fits use it: labels to spectra in either domain."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch

from mstars.engines.csn.architecture import Generator, Scale, Sizes
from mstars.engines.csn.emulator import Emulator, emulator_arrays, emulator_of
from mstars.engines.csn.lengths import margins
from mstars.engines.csn.tangents import push


@dataclass
class AlphaTie:
    """[alpha/M] as a function of [M/H]: lines between the means of the synthetic set.

    Attributes
    ----------
    m_h, alpha_m : Tensor, [knot]
        dex, in the emulator's scaled labels; ascending in ``m_h``.
    """

    m_h: torch.Tensor
    alpha_m: torch.Tensor

    def __call__(self, m_h: torch.Tensor) -> torch.Tensor:
        """Scaled [alpha/M] of scaled [M/H], [n]; constant beyond the first and the last knot."""
        left = self._left(m_h)
        width = self.m_h[left + 1] - self.m_h[left]
        share = ((m_h - self.m_h[left]) / width).clamp(0, 1)
        return self.alpha_m[left] + share * (self.alpha_m[left + 1] - self.alpha_m[left])

    def slope(self, m_h: torch.Tensor) -> torch.Tensor:
        """Its derivative, [n]; 0 beyond the first and the last knot."""
        left = self._left(m_h)
        slope = (self.alpha_m[left + 1] - self.alpha_m[left]) / (self.m_h[left + 1] - self.m_h[left])
        return torch.where((m_h >= self.m_h[0]) & (m_h <= self.m_h[-1]), slope, 0.0)

    def _left(self, m_h: torch.Tensor) -> torch.Tensor:
        return torch.searchsorted(self.m_h, m_h.detach().contiguous()).clamp(1, len(self.m_h) - 1) - 1


@dataclass
class Passage:
    """Networks, emulator and what goes with them, on one device.

    Attributes
    ----------
    generator : Generator
    emulator : Emulator
    scale : Scale
    used : Tensor of bool, [pixel]
        Pixels of the grid outside the masks.
    tie : AlphaTie
    start : Tensor, [k, 4]
        Scaled labels of synthetic spectra from which fits start.
    """

    generator: Generator
    emulator: Emulator
    scale: Scale
    used: torch.Tensor
    tie: AlphaTie
    start: torch.Tensor

    @property
    def dtype(self) -> torch.dtype:
        """Of its numbers."""
        return self.start.dtype

    def double(self) -> Passage:
        """The same in float64, in which a fit does not depend on the spectra beside it."""
        tie = AlphaTie(self.tie.m_h.double(), self.tie.alpha_m.double())
        networks = (copy.deepcopy(self.generator).double(), copy.deepcopy(self.emulator).double())
        return Passage(*networks, self.scale, self.used, tie, self.start.double())

    def fitted_labels(self, alpha: str) -> int:
        """4 where [alpha/M] is fitted too: it is ``free``, and the theory grid has more than one; else 3."""
        return 4 if alpha == "free" and bool(self.emulator.upper[3] > self.emulator.lower[3]) else 3

    @property
    def shown(self) -> torch.Tensor:
        """1 for pixels that the networks see, 0 for masked and padded ones, [length]."""
        return self.scale.pad(self.used.to(self.dtype))

    def whole(self, y: torch.Tensor) -> torch.Tensor:
        """All four scaled labels of three or four, [n, 4]."""
        return y if y.shape[1] == 4 else torch.cat([y, self.tie(y[:, 2])[:, None]], dim=1)

    def given(self, flux: torch.Tensor) -> torch.Tensor:
        """Normalised flux [n, pixel] as the networks see it, [n, length]."""
        return self.scale.given(flux, self.shown)

    def theory(self, y: torch.Tensor) -> torch.Tensor:
        """Normalised flux [n, pixel] of scaled labels, as theory has it."""
        return self.emulator.of_scaled(self.whole(y))

    def theory_slopes(self, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """`theory`, and its derivatives [k, n, pixel] by each scaled label."""
        k = y.shape[1]
        directions = torch.zeros(k, len(y), 4, dtype=y.dtype)
        for label in range(k):
            directions[label, :, label] = 1
        if k == 3:
            directions[2, :, 3] = self.tie.slope(y[:, 2])
        return push(self.emulator.layers, self.whole(y), directions)

    def observed(self, y: torch.Tensor, split: torch.Tensor, transfer: str = "whole") -> torch.Tensor:
        """Flux of scaled labels in the observed domain; ``split`` is `split_features` of the spectra.

        ``whole`` is the paper's. A decoder does not make everything that theory has. Of ``difference`` that part stays:
        theory gets what the observed domain's decoder makes of its latents less what the synthetic one's does.
        """
        net, flux = self.generator, self.theory(y)
        low = net.shared_out(net.encode_synth(self.given(flux)))
        made = self.scale.remove(net.paint_obs(low, split))
        return made if transfer == "whole" else flux + made - self.scale.remove(net.paint_synth(low))

    def observed_slopes(
        self, y: torch.Tensor, split: torch.Tensor, transfer: str = "whole"
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """`observed`, and its derivatives [k, n, pixel]."""
        net = self.generator
        flux, slopes = self.theory_slopes(y)
        x, t = self.given(flux)[:, None], (self.scale.pad(slopes / self.scale.std) * self.shown)[:, :, None]
        for layers in (net.synth_in, net.shared_in, net.shared_out):
            x, t = push(layers, x, t)
        still = torch.zeros_like(split).expand(len(t), *split.shape)
        left = margins(self.scale.n_pixel, self.scale.length)[0]

        def painted(layers, x, t):
            x, t = push(layers, x, t)
            return self.scale.remove(x[:, 0]), t[:, :, 0, left : left + self.scale.n_pixel] * self.scale.std

        made, along = painted(net.obs_out, torch.cat([x, split], dim=1), torch.cat([t, still], dim=2))
        if transfer == "whole":
            return made, along
        again, along_again = painted(net.synth_out, x, t)
        return flux + made - again, slopes + along - along_again

    def split_features(self, split: torch.Tensor) -> torch.Tensor:
        """What the split decoder makes of split latents; it does not depend on the labels."""
        return self.generator.split_out(split)

    def encode(self, flux: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Shared and split latent of observed flux [n, pixel]."""
        return self.generator.encode_obs(self.given(flux))

    def to_synth(self, shared: torch.Tensor) -> torch.Tensor:
        """Normalised flux [n, pixel] in the synthetic domain."""
        return self.scale.remove(self.generator.decode_synth(shared))

    def rebuilt(self, shared: torch.Tensor, split: torch.Tensor) -> torch.Tensor:
        """Normalised flux [n, pixel] in the observed domain; ``split`` is `split_features` of the spectra."""
        return self.scale.remove(self.generator.paint_obs(self.generator.shared_out(shared), split))


def passage_arrays(passage: Passage) -> dict[str, np.ndarray]:
    """Everything of a passage that is numbers, by name."""
    arrays = {f"generator.{name}": value.numpy() for name, value in passage.generator.state_dict().items()}
    arrays |= emulator_arrays(passage.emulator)
    arrays["used"] = passage.used.numpy().astype(np.uint8)
    arrays |= {"tie.m_h": passage.tie.m_h.numpy(), "tie.alpha_m": passage.tie.alpha_m.numpy()}
    arrays["start"] = passage.start.numpy()
    arrays["scale"] = np.array([passage.scale.mean, passage.scale.std])
    return arrays


def passage_of(arrays: Mapping[str, np.ndarray], sizes: Sizes, activation: str) -> Passage:
    """The passage of `passage_arrays`.

    Raises
    ------
    RuntimeError
        When the weights don't fit the sizes.
    """
    tensors = {name: torch.from_numpy(np.array(value)) for name, value in arrays.items()}
    generator = Generator(sizes)
    own = {name.removeprefix("generator."): value for name, value in tensors.items() if name.startswith("generator.")}
    generator.load_state_dict(own)
    mean, std = map(float, arrays["scale"])
    return Passage(
        generator.eval().requires_grad_(False),
        emulator_of(arrays, activation).requires_grad_(False),
        Scale(mean, std, len(tensors["used"]), sizes.length),
        tensors["used"].bool(),
        AlphaTie(tensors["tie.m_h"], tensors["tie.alpha_m"]),
        tensors["start"],
    )
