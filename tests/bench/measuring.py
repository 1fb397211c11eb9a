"""Timing one thing against another, and saying what came out."""

from __future__ import annotations

import gc
import resource
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter


@dataclass(frozen=True)
class Side:
    """One side of a comparison: seconds and, for whole processes, the peak memory in MB."""

    seconds: float
    peak_mb: float = 0.0


def timed(act: Callable[[], object], times: int = 3) -> Side:
    """Return the median of several runs."""
    runs = []
    for _ in range(times):
        gc.collect()
        start = perf_counter()
        act()
        runs.append(perf_counter() - start)
    return Side(median(runs))


def in_turn(ours: Callable[[], object], theirs: Callable[[], object], times: int = 5) -> tuple[Side, Side]:
    """Return the medians of both sides run in turn, so that a busy machine weighs on both."""
    pairs = [(timed(ours, 1).seconds, timed(theirs, 1).seconds) for _ in range(times)]
    return Side(median(pair[0] for pair in pairs)), Side(median(pair[1] for pair in pairs))


def process(arguments: Sequence[str]) -> Side:
    """Run Python with these arguments as a process of its own; exit codes are the process's own business."""
    code = (
        "import resource, subprocess, sys, time\n"
        "start = time.perf_counter()\n"
        "subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)\n"
        "print(time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, sys.executable, *arguments], capture_output=True, text=True, check=True
    )
    seconds, kilobytes = run.stdout.split()
    return Side(float(seconds), float(kilobytes) / 1024)


def say(work: str, against: str, ratio: float, wanted: float, note: str = "") -> None:
    """Print one line: the ratio first, then what it is and what is wanted."""
    mark = "ok" if ratio <= wanted else "OVER"
    _tell(f"{ratio:6.2f} ×  {mark:4}  (wanted ≤ {wanted:g} ×)  {work}, against {against}  {note}")


def say_least(work: str, against: str, ratio: float, wanted: float, note: str = "") -> None:
    """Print one line of a ratio that shall be large."""
    mark = "ok" if ratio >= wanted else "UNDER"
    _tell(f"{ratio:6.2f} ×  {mark:4}  (wanted ≥ {wanted:g} ×)  {work}, against {against}  {note}")


def say_peak(work: str, megabytes: float, wanted: float) -> None:
    """Print one line about memory."""
    mark = "ok" if megabytes <= wanted else "OVER"
    _tell(f"{megabytes:6.0f} MB {mark:4}  (wanted ≤ {wanted:g} MB)  {work}")


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def own_peak_mb() -> float:
    """Return the peak memory of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
