"""A real Slurm on one node, for tests: munged, slurmctld and slurmd on loopback, with fake GPUs.

Everything lives in one folder (configuration, key, state, logs, pids); nothing of the machine's own configuration is
read or written, and another Slurm beside it isn't disturbed. The daemons are ended by the pids noted here.

By hand, as root: ``python tests/slurm/cluster.py up FOLDER``, then ``. FOLDER/env``; in the end ``down FOLDER``.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

PACKAGES = ["slurmctld", "slurmd", "slurm-client", "munge"]
DAEMONS = ["munged", "slurmctld", "slurmd"]
CLIENTS = ["sbatch", "srun", "squeue", "scancel", "scontrol", "sinfo"]
ALSO = ["sacct", "sacctmgr"]  # asked by the executor plugin where they are there
SBIN = "/usr/sbin:/sbin"

CONF = """\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ctld_port}
SlurmdPort={slurmd_port}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket={folder}/munge.socket
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.daemon.pid
SlurmdPidFile={folder}/slurmd.daemon.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
# no cgroups and no systemd are needed: memory is watched each second, and a job over its request is killed
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
AccountingStorageType=accounting_storage/none
AccountingStoreFlags=job_comment
JobCompType=jobcomp/filetxt
JobCompLoc={folder}/jobs.log
MpiDefault=none
SwitchType=switch/none
ReturnToService=2
KillWait=2
MinJobAge=3600
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=1,sched_min_interval=0,bf_interval=1,batch_sched_delay=0
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
GresTypes=gpu
SlurmdParameters=config_overrides
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory={memory} Gres=gpu:fake:{gpus} State=UNKNOWN
PartitionName=cpu Nodes={host} Default=YES MaxTime=INFINITE State=UP
PartitionName=gpu Nodes={host} Default=NO MaxTime=INFINITE State=UP
"""


class ClusterError(RuntimeError):
    """Slurm could not be brought up here; the message says why."""


def missing() -> str:
    """Why no Slurm can be brought up on this machine; empty when it can."""
    if os.geteuid() != 0:
        return "Slurm's daemons are started as root"
    path = f"{os.environ['PATH']}:{SBIN}"
    absent = [name for name in [*DAEMONS, *CLIENTS] if shutil.which(name, path=path) is None]
    if absent:
        return f"{', '.join(absent)} not installed (apt-get install {' '.join(PACKAGES)}, or python {__file__} install)"
    return ""


def install(seconds: float = 180.0) -> None:
    """Install Debian's packages where they are missing; where that fails the tests skip and `missing` says why.

    A machine without network must not hold the tests up: each of apt's two commands has ``seconds``.
    """
    if os.geteuid() == 0 and missing() and shutil.which("apt-get"):
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        network = ["-o", "Acquire::http::Timeout=20", "-o", "Acquire::https::Timeout=20", "-o", "Acquire::Retries=1"]
        for command in (["update"], ["install", "-y", "--no-install-recommends", *PACKAGES]):
            try:
                apt = ["apt-get", "-qq", *network, *command]
                subprocess.run(apt, env=environment, stdout=subprocess.DEVNULL, timeout=seconds, check=False)
            except subprocess.TimeoutExpired:
                print(f"apt-get {command[0]} did not end within {seconds:.0f} s", file=sys.stderr)


def _free_ports(n: int) -> list[int]:
    sockets = [socket.socket() for _ in range(n)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def alive(pid: int) -> bool:
    """True while the process runs; a zombie (ended, not yet waited for) does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_for(condition, what: str, seconds: float = 30.0):
    """Return the first true value of ``condition()``, asked every 0.1 s; `ClusterError` after ``seconds``."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(0.1)
    raise ClusterError(f"after {seconds:.0f} s still no {what}")


class Cluster:
    """One Slurm in one folder; a context manager, and safe to take down when only half up."""

    def __init__(self, folder: str | Path, gpus: int = 2, cpus: int | None = None, memory: int = 64000):
        self.folder = Path(folder).resolve()
        self.gpus, self.cpus, self.memory = gpus, cpus or 2 * (os.cpu_count() or 1), memory

    @property
    def environment(self) -> dict[str, str]:
        """The environment in which `sbatch` and the others speak to this Slurm.

        SLURM_CONF alone is not enough: the executor plugin takes every SLURM_* variable away before its inner srun.
        So the folder ``bin`` holds the client commands, each with the configuration's path in it.
        """
        return {**os.environ, "PATH": f"{self.folder}/bin:{os.environ['PATH']}"}

    def __enter__(self) -> Cluster:
        return self.up()

    def __exit__(self, *_) -> None:
        self.down()

    def up(self) -> Cluster:
        """Write the configuration, start the three daemons, wait for an idle node and see it run a job."""
        if reason := missing():
            raise ClusterError(reason)
        self._configure()
        try:
            for daemon in DAEMONS:
                self.start(daemon)
            wait_for(lambda: set(self.ask("sinfo", "-h", "-o", "%T").split()) == {"idle"}, "idle node")
            if self.ask("srun", "-n1", "echo", "it runs", seconds=30).strip() != "it runs":
                raise ClusterError("the node takes no job")
        except ClusterError as error:
            logs = [f"{log}:\n{log.read_text()[-1500:]}" for log in sorted(self.folder.glob("*.log"))]
            self.down()
            raise ClusterError("\n".join([str(error), *logs])) from None
        return self

    def down(self) -> None:
        """End the daemons by their pids: TERM, and KILL for one that doesn't listen."""
        if (self.folder / "munged.pid").exists() and (self.folder / "slurmctld.pid").exists():
            self.ask("scancel", "--user=root", "--signal=KILL", "--full")
        for daemon in reversed(DAEMONS):
            self.stop(daemon)

    def _configure(self) -> None:
        for name in ("", "state", "spool", "bin"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o755)  # munged refuses a socket in a folder others may not enter or may write
        ctld_port, slurmd_port = _free_ports(2)
        host = socket.gethostname().split(".")[0]
        conf = CONF.format(ctld_port=ctld_port, slurmd_port=slurmd_port, host=host, **vars(self))
        (self.folder / "slurm.conf").write_text(conf)
        devices = [self.folder / f"gpu{number}" for number in range(self.gpus)]
        for device in devices:  # without cgroups Slurm only asks that it be some device
            device.unlink(missing_ok=True)
            device.symlink_to("/dev/null")
        gres = [f"NodeName={host} Name=gpu Type=fake File={device}\n" for device in devices]
        (self.folder / "gres.conf").write_text("".join(gres))
        key = self.folder / "munge.key"
        key.touch(mode=0o600)
        key.write_bytes(secrets.token_bytes(128))
        for name in filter(shutil.which, [*CLIENTS, *ALSO]):
            client = self.folder / "bin" / name
            client.write_text(f'#!/bin/sh\nSLURM_CONF={self.folder}/slurm.conf exec {shutil.which(name)} "$@"\n')
            client.chmod(0o755)
        (self.folder / "env").write_text(f'export PATH="{self.folder}/bin:$PATH"\n')

    def start(self, daemon: str) -> None:
        """Start one daemon in the foreground of its own session, and note its pid."""
        folder, conf = self.folder, f"{self.folder}/slurm.conf"
        arguments = {
            "munged": ["--foreground", "--force", f"--key-file={folder}/munge.key", f"--socket={folder}/munge.socket"]
            + [f"--pid-file={folder}/munged.daemon.pid", f"--seed-file={folder}/munge.seed"]
            + [f"--log-file={folder}/munged.log"],
            "slurmctld": ["-D", "-f", conf],
            "slurmd": ["-D", "-f", conf],
        }[daemon]
        program = shutil.which(daemon, path=f"{os.environ['PATH']}:{SBIN}")
        with open(folder / f"{daemon}.out.log", "a") as log:
            process = subprocess.Popen(
                [program, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd=folder,
            )
        (folder / f"{daemon}.pid").write_text(str(process.pid))
        if daemon == "munged":
            wait_for((folder / "munge.socket").exists, "munge socket", 10)

    def stop(self, daemon: str, sig: int = signal.SIGTERM) -> None:
        """End one daemon and wait until it is gone; nothing when it was never started."""
        note = self.folder / f"{daemon}.pid"
        if not note.exists():
            return
        pid = int(note.read_text())
        for send in (sig, signal.SIGKILL):
            if not alive(pid):
                break
            os.kill(pid, send)
            try:
                wait_for(lambda: not alive(pid), f"end of {daemon}", 5)
            except ClusterError:
                continue
        note.unlink()

    def wait_saved(self) -> None:
        """Wait until the controller has written its jobs' state as it is now."""
        now, state = time.time(), self.folder / "state" / "job_state"
        wait_for(lambda: state.exists() and state.stat().st_mtime > now, "saved state", 60)

    def ask(self, *command: str, seconds: float = 5.0) -> str:
        """What a client command prints; empty when it fails or no controller answers in time."""
        try:
            done = subprocess.run(
                command, env=self.environment, capture_output=True, text=True, timeout=seconds, check=False
            )
        except subprocess.TimeoutExpired:
            return ""
        return done.stdout

    def jobs(self) -> list[dict[str, str]]:
        """Every job Slurm still knows, as ``scontrol show job`` describes it (Comment holds rule and wildcards)."""
        described = self.ask("scontrol", "--oneliner", "show", "jobs", seconds=20)
        lines = [line for line in described.splitlines() if line.startswith("JobId=")]
        return [dict(word.split("=", 1) for word in line.split() if "=" in word) for line in lines]


def main(arguments: list[str]) -> int:
    """``install``, ``up FOLDER`` or ``down FOLDER``."""
    match arguments:
        case ["install"]:
            install()
            print(f"Slurm: {reason}; its tests are skipped" if (reason := missing()) else "Slurm: installed")
        case ["up", folder]:
            try:
                print(Cluster(folder).up().ask("sinfo", "-N", "-o", "%N %P %T %c %m %G"), end="")
            except ClusterError as error:
                print(error, file=sys.stderr)
                return 1
        case ["down", folder]:
            Cluster(folder).down()
        case _:
            print(__doc__, file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
