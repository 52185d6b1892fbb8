"""A real standalone Spark cluster on 127.0.0.1: a master and workers, each a process of its own, that can be killed."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Callable

import pyspark
from pyspark.sql import SparkSession

HOST = "127.0.0.1"
START_S = 60


class Cluster:
    """A master and `workers` workers of one core each."""

    def __init__(self, folder: Path, workers: int) -> None:
        self.folder = folder
        self.processes: list[subprocess.Popen[bytes]] = []
        self.home = Path(pyspark.__file__).parent
        folder.mkdir(parents=True, exist_ok=True)
        log = self._start("master", "org.apache.spark.deploy.master.Master", "--host", HOST, "--port", "0", "--webui-port", "0")
        found = wait(lambda: re.search(r"spark://127\.0\.0\.1:\d+", log.read_text(errors="replace")), START_S, "the master's address")
        self.url = found.group(0)
        self.workers: list[subprocess.Popen[bytes]] = []
        for number in range(workers):
            self.add_worker(number)
        registered = re.compile("Registering worker")
        wait(lambda: len(registered.findall(log.read_text(errors="replace"))) >= workers, START_S, "the workers")

    def add_worker(self, number: int) -> None:
        self._start(
            f"worker-{number}", "org.apache.spark.deploy.worker.Worker", "--host", HOST, "--port", "0", "--webui-port", "0",
            "--cores", "1", "--memory", "1g", "--work-dir", str(self.folder / f"work-{number}"), self.url,
        )  # fmt: skip
        self.workers.append(self.processes[-1])

    def _start(self, name: str, main: str, *arguments: str) -> Path:
        log = self.folder / f"{name}.log"
        with log.open("wb") as to:
            command = [str(self.home / "bin" / "spark-class"), main, *arguments]
            self.processes.append(subprocess.Popen(command, stdout=to, stderr=subprocess.STDOUT, env=environment(), start_new_session=True))
        return log

    def session(self, **settings: str) -> SparkSession:
        """A session whose executors have one core each."""
        builder = SparkSession.builder.master(self.url).appName("cardhush")
        own = {
            "spark.driver.host": HOST,
            "spark.driver.bindAddress": HOST,
            "spark.ui.enabled": "false",
            "spark.executor.memory": "512m",
            "spark.local.dir": str(self.folder / "local"),
            "spark.sql.shuffle.partitions": "4",
        }
        for name, value in {**own, **settings}.items():
            builder = builder.config(name, value)
        os.environ.update(environment())
        session = builder.getOrCreate()
        session.sparkContext.setLogLevel("ERROR")
        return session

    def kill_worker(self, number: int) -> list[int]:
        """Kills a worker and its executors, without notice."""
        worker = self.workers[number]
        executors = [pid for pid in children(worker.pid) if "CoarseGrainedExecutorBackend" in command_line(pid)]
        worker.send_signal(signal.SIGKILL)
        for pid in executors:
            os.kill(pid, signal.SIGKILL)
        worker.wait()
        return executors

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for process in self.processes:
            for pid in [*children(process.pid), process.pid] if process.poll() is None else []:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            process.wait()


def environment() -> dict[str, str]:
    """That of Spark's processes: all of them listen on 127.0.0.1 alone, and Python is this one."""
    own = {"SPARK_LOCAL_IP": HOST, "SPARK_NO_DAEMONIZE": "1", "PYSPARK_PYTHON": sys.executable, "PYSPARK_DRIVER_PYTHON": sys.executable}
    return {**os.environ, **own}


def wait(condition: Callable[[], object], seconds: float, what: str) -> re.Match[str]:
    """Waits until there is something, which it gives; not for ever."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if there := condition():
            return there  # type: ignore[return-value]
        time.sleep(0.05)
    raise TimeoutError(f"{what}: not there after {seconds} s")


def children(parent: int) -> list[int]:
    """Every process below one."""
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            # The name, in parentheses, may hold anything.
            pid, rest = int(stat.parent.name), stat.read_text().rpartition(")")[2].split()
            parents[pid] = int(rest[1])
        except OSError:
            continue
    below, todo = [], [parent]
    while todo:
        one = todo.pop()
        found = [pid for pid, of in parents.items() if of == one]
        below += found
        todo += found
    return below


def command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""
