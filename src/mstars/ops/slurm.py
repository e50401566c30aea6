"""What a run asks of Slurm, checked before its first job: partitions, GPUs, account; and folders to write in."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Site:
    """What a cluster offers, as `sinfo` and `scontrol` tell.

    Attributes
    ----------
    gpus : dict of str to set of str
        For each partition its GPU models; an empty set means a partition without GPUs.
    needs_account : bool
        True where Slurm takes no job without a known account (AccountingStorageEnforce holds `associations`).
    """

    gpus: Mapping[str, set[str]] = field(default_factory=dict)
    needs_account: bool = False


def parse_site(partitions: str, config: str) -> Site:
    """Read the output of ``sinfo -h -o '%R|%G'`` and of ``scontrol show config``.

    Parameters
    ----------
    partitions : str
        Lines such as ``gpu|gpu:a100:4(S:0-1)``; a partition may stand on several lines.
    config : str
        Lines such as ``AccountingStorageEnforce = associations,limits``.
    """
    gpus: dict[str, set[str]] = {}
    for line in partitions.split():
        name, _, generic = line.partition("|")
        found = gpus.setdefault(name, set())
        for resource in generic.split(","):
            words = resource.split("(")[0].split(":")
            if words[0] == "gpu":
                found.add(words[1] if len(words) > 2 or (len(words) == 2 and not words[1].isdigit()) else "")
    enforced = [line.partition("=")[2] for line in config.splitlines() if line.startswith("AccountingStorageEnforce ")]
    return Site(gpus, any("associations" in value for value in enforced))


def ask_site(seconds: float = 20.0) -> Site | None:
    """What this machine's Slurm offers; None when no controller answers within ``seconds``."""
    answers = []
    for command in (["sinfo", "-h", "-o", "%R|%G"], ["scontrol", "show", "config"]):
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False)
        except (OSError, subprocess.TimeoutExpired):
            return None
        if done.returncode:
            return None
        answers.append(done.stdout)
    return parse_site(*answers)


def complaints(
    site: Site | None,
    partitions: Mapping[str, str],
    gpus: Mapping[str, int],
    *,
    account: str | None = None,
    gpu_model: str | None = None,
) -> list[str]:
    """Everything a profile asks for that the cluster doesn't have, each with what to do.

    Parameters
    ----------
    site : Site or None
        What the cluster offers; None when it doesn't answer.
    partitions : mapping of rule to partition
        ``slurm_partition`` of the rules that have one; others go to the cluster's default.
    gpus : mapping of rule to number
        GPUs that rules ask for.
    account : str, optional
        ``slurm_account`` of the profile.
    gpu_model : str, optional
        ``gpu_model`` of the profile.

    Returns
    -------
    list of str
        Empty when all is well.
    """
    if site is None:
        return [
            "no Slurm controller answers here (sinfo, scontrol): run on a login node of the cluster, or wait for it"
        ]
    found = _missing_partitions(site, partitions) + _missing_gpus(site, partitions, gpus, gpu_model)
    if site.needs_account and not account:
        found.append(
            "this cluster takes no job without an account: set slurm_account under default-resources in "
            "slurm/config.yaml (`sacctmgr show associations user=$USER format=account` lists yours)"
        )
    return found


def _missing_partitions(site: Site, partitions: Mapping[str, str]) -> list[str]:
    offered, found = ", ".join(sorted(site.gpus)) or "none", []
    for name in sorted(set(partitions.values()) - set(site.gpus)):
        rules = sorted(rule for rule, of in partitions.items() if of == name)
        some = ", ".join(rules[:3]) + (f" and {len(rules) - 3} more" if len(rules) > 3 else "")
        found.append(
            f"slurm_partition {name} (rules {some}) does not exist; this cluster has: {offered}. "
            "Change it in slurm/config.yaml, under default-resources or set-resources"
        )
    return found


def _missing_gpus(
    site: Site, partitions: Mapping[str, str], gpus: Mapping[str, int], gpu_model: str | None
) -> list[str]:
    having, found = ", ".join(sorted(name for name, of in site.gpus.items() if of)), []
    for rule in sorted(rule for rule, number in gpus.items() if number):
        name = partitions.get(rule)
        models = site.gpus.get(name, set()) if name else set().union(*site.gpus.values())
        if name not in {None, *site.gpus}:
            continue
        if not models:
            do = f"choose one of: {having}, under set-resources: {rule}" if having else "this cluster shows no GPU"
            where = f"its partition {name}" if name else "the default partition"
            found.append(
                f"rule {rule} asks for a GPU but {where} has none; {do}; "
                "or set resources.gpu to 0 in the config to compute on CPUs"
            )
        elif gpu_model and gpu_model not in models:
            found.append(
                f"rule {rule}: partition {name} has no gpu_model {gpu_model}, but: " + ", ".join(sorted(models))
            )
    return found


def rule_complaints(rules: Iterable, *, trained: bool = True) -> list[str]:
    """`complaints` of what the rules of a workflow ask of the Slurm that answers here.

    Parameters
    ----------
    rules : iterable of snakemake.rules.Rule
        With what the profile and the config say of them.
    trained : bool
        Whether models are trained in this run; without, GPUs of the trainings (``train…``, ``…_train``) do not count.
    """

    def asked(resource):
        found = {rule.name: rule.resources.get(resource) for rule in rules}
        return {name: str(of.raw) for name, of in found.items() if of is not None and of.raw is not None}

    rules = list(rules)
    accounts, models = (set(asked(one).values()) for one in ("slurm_account", "gpu_model"))
    gpus = {rule: int(number) for rule, number in asked("gpu").items() if number.isdigit()}
    if not trained:
        gpus = {name: n for name, n in gpus.items() if not (name.startswith("train") or name.endswith("_train"))}
    options = {"account": next(iter(accounts), None), "gpu_model": next(iter(models), None)}
    return complaints(ask_site(), asked("slurm_partition"), gpus, **options)


def unwritable(folders: Iterable[str | Path]) -> list[str]:
    """Folders in which nothing can be written (read-only or full), each with what to do."""
    found = []
    nearest = (next(one for one in [of, *of.parents] if one.exists()) for of in map(Path.absolute, map(Path, folders)))
    for there in dict.fromkeys(nearest):
        if not os.access(there, os.W_OK | os.X_OK):
            found.append(f"{there} can't be written (read-only, or not yours): run in your own folder (--directory)")
        elif shutil.disk_usage(there).free < 2**20:
            found.append(f"the disk of {there} is full: free some space or run in another folder (--directory)")
        elif (disk := os.statvfs(there)).f_files and not disk.f_favail:
            found.append(f"the disk of {there} takes no more files: delete some or run in another folder (--directory)")
    return found
