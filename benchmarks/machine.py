"""Describes the machine on which the benchmarks run."""

import os
import platform
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Machine:
    """A machine. ``cores`` are those this process may use; ``load`` is the average of the last minute."""

    cpu: str
    cores: int
    memory_gib: int
    system: str
    load: float

    def describe(self) -> str:
        return f"{self.cores} cores ({self.cpu}), {self.memory_gib} GiB, {self.system}"


def describe_machine() -> Machine:
    """Describes the current machine; the processor is "unknown" if it can't be determined."""
    cores = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return Machine(
        cpu=_cpu_model(),
        cores=cores,
        memory_gib=round(memory / 2**30),
        system=f"{platform.system()} {platform.machine()}",
        load=round(os.getloadavg()[0], 1),
    )


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    for line in lines:
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.processor() or "unknown processor"
