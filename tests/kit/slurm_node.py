"""A real Slurm of one node: Debian's munged, slurmctld and slurmd, started by hand."""

import contextlib
import getpass
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "scancel")
SETTINGS = """\
ClusterName=triad
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort=16817
SlurmdPort=16818
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
SlurmUser={user}
SlurmdUser={user}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
MpiDefault=none
ReturnToService=2
SchedulerParameters=sched_interval=1,bf_interval=1
NodeName={host} NodeAddr=127.0.0.1 CPUs=4 RealMemory=20000 State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP OverSubscribe=NO
"""


def missing() -> list[str]:
    """Slurm's programs that are not here; they lie in folders of the administrator's."""
    path = os.pathsep.join([os.environ["PATH"], "/usr/sbin", "/sbin"])
    return [name for name in PROGRAMS if not shutil.which(name, path=path)]


@contextlib.contextmanager
def node(folder: Path) -> Iterator[dict[str, str]]:
    """Start it below FOLDER, a short path; yield the variables that its commands need."""
    for name in ("state", "spool"):
        (folder / name).mkdir()
    folder.chmod(0o755)
    (folder / "munge.key").write_bytes(os.urandom(1024))
    (folder / "munge.key").chmod(0o400)
    host = os.uname().nodename.partition(".")[0]
    settings = SETTINGS.format(folder=folder, host=host, user=getpass.getuser())
    (folder / "slurm.conf").write_text(settings, encoding="utf-8")
    env = {"SLURM_CONF": f"{folder}/slurm.conf", "PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin"}
    munged = ["munged", "--force", "--foreground", f"--key-file={folder}/munge.key"]
    munged += [f"--socket={folder}/munge.socket", f"--pid-file={folder}/munged.pid"]
    munged += [f"--log-file={folder}/munged.log", f"--seed-file={folder}/seed"]
    started = []
    try:
        for command in (munged, ["slurmctld", "-D"], ["slurmd", "-D"]):
            with (folder / "daemons.log").open("ab") as log:
                started.append(
                    subprocess.Popen(command, env=os.environ | env, stdout=log, stderr=log)
                )
            time.sleep(1.0)
        wait_until_idle(env, folder)
        yield env
    finally:
        for daemon in reversed(started):
            daemon.send_signal(signal.SIGTERM)
            try:
                daemon.wait(10)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait(60)


def wait_until_idle(env: dict[str, str], folder: Path) -> None:
    """Wait until the node takes jobs."""
    end = time.monotonic() + 30
    while "idle" not in ask(env, "sinfo", "-h", "-o", "%t"):
        logs = [file.read_text("utf-8", "replace")[-1500:] for file in folder.glob("*.log")]
        assert time.monotonic() < end, "\n".join(logs)
        time.sleep(0.5)


def ask(env: dict[str, str], *command: str) -> list[str]:
    """What one of Slurm's commands says, by words."""
    done = subprocess.run(command, env=os.environ | env, capture_output=True, text=True)
    return done.stdout.split()
