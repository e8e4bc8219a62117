"""Chapters side by side: most of a short run is Java's own start and compiling, which leaves the other cores idle."""

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Callable, Iterator, TypeVar

from . import execute

# The JVM, the arrays and a model of half a billion weights in float32.
BYTES_EACH = 5 << 30
MOST = 2
T = TypeVar("T")


def kernels() -> int:
    """How many kernels this machine takes at once, by its cores and its memory."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return max(1, min(MOST, os.cpu_count() or 1, memory // BYTES_EACH))


def threads(together: int) -> int:
    """The threads of each of so many kernels; 0 leaves a single one what it takes."""
    return 0 if together == 1 else max(1, (os.cpu_count() or 1) // together)


def by_side(jobs: list[Callable[[], T]], together: int) -> Iterator[T]:
    """The jobs' results in order, so many jobs at once. An interrupt ends the kernels."""
    with ThreadPoolExecutor(together) as pool:
        futures = [pool.submit(job) for job in jobs]
        try:
            for future in futures:
                yield future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            execute.stop_all()
            raise
