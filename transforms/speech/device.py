"""Where the models run: CUDA where it works, else the CPU, and how to go down when memory is short."""

from __future__ import annotations

import contextlib
import ctypes
import importlib.util
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, TypeVar

from transforms.errors import ResourceError

T = TypeVar("T")
Request = Literal["auto", "cuda", "cpu"]
Engine = Literal["ctranslate2", "torch"]
EngineRequest = Literal["auto", "ctranslate2", "torch"]

_M_ARENA_MAX = -8  # of malloc.h


@dataclass(frozen=True, slots=True)
class Device:
    """Where and how a model runs; `compute_type` is CTranslate2's name for it, `batch_size` the most windows.

    `engine` is what writes the words.
    """

    name: Literal["cuda", "cpu"]
    compute_type: str
    batch_size: int
    engine: Engine = "ctranslate2"

    def __str__(self) -> str:
        """Name it as the rows do: `cpu int8`, `cuda float16 torch`."""
        return f"{self.name} {self.compute_type}" + (" torch" if self.engine == "torch" else "")


CPU = Device("cpu", "int8", 16)
TORCH_CPU, TORCH_CUDA = Device("cpu", "float32", 8), Device("cuda", "float32", 8)
# The batch is a bound: a recogniser takes as much as the memory of its device has room for.
CUDA = (Device("cuda", "float16", 256), Device("cuda", "float16", 8), Device("cuda", "int8_float16", 4))
ALL_TORCH = (Device("cuda", "float16", 256, "torch"), Device("cuda", "float16", 16, "torch"))


def cpu_threads() -> int:
    """Count the cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def free_memory(device: str = "cpu") -> int:
    """Count the bytes of memory that may still be taken: of the GPU, or of the machine and its container.

    A system that does not tell gives what the machine has.
    """
    if device == "cuda":
        import torch

        kept = torch.cuda.memory_reserved() - torch.cuda.memory_allocated()  # by torch, for what it does next
        return int(torch.cuda.mem_get_info()[0]) + kept
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        free = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration):
        return int(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    try:
        allowed, taken = (Path(f"/sys/fs/cgroup/memory.{name}").read_text() for name in ("max", "current"))
        return min(free, max(int(allowed) - int(taken), 0))
    except (OSError, ValueError):  # no container, or one without a limit ("max")
        return free


def how_many_fit(device: str, each: int, parts: int) -> int:
    """Count how many of so many bytes fit into one of the equal parts of a device's free memory; at least one."""
    return max(free_memory(device) // parts // each, 1)


@cache
def share_freed_memory() -> None:
    """Let the threads of this process take each other's freed memory, where the C library is GNU's.

    It gives each thread a pool of its own, and what one of them frees is nobody else's: hearing with models side
    by side held half a gigabyte more. Pools that are there stay: it is to be called before there are threads.
    https://man7.org/linux/man-pages/man3/mallopt.3.html (M_ARENA_MAX)
    """
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)


def n_cuda_devices() -> int:
    """Count the CUDA devices that CTranslate2 sees; a broken driver counts as none."""
    import ctranslate2

    try:
        return int(ctranslate2.get_cuda_device_count())
    except RuntimeError:
        return 0


def preload_cublas() -> None:
    """Load CUDA 12's cuBLAS, which CTranslate2 asks for by name, from its package, if that is installed."""
    spec = importlib.util.find_spec("nvidia.cublas") if importlib.util.find_spec("nvidia") else None
    for root in spec.submodule_search_locations or () if spec else ():
        for library in ("libcublasLt.so.12", "libcublas.so.12"):
            path = Path(root) / "lib" / library
            if path.exists():
                ctypes.CDLL(str(path), mode=ctypes.RTLD_GLOBAL)


def least_seconds(work: Callable[[], object], times: int, clock: Callable[[], float] = time.perf_counter) -> float:
    """Time some work so many times, in seconds, and give the least: what else runs can only make it longer."""
    taken = []
    for _ in range(times):
        started = clock()
        work()
        taken.append(clock() - started)
    return min(taken)


def run_down(
    devices: Sequence[Device], work: Callable[[Device], T], on_warning: Callable[[str], None] = lambda _: None
) -> tuple[T, Device]:
    """Do the work on the first device that has the memory and the health for it.

    Returns:
        What the work gives, and where it ran.

    Raises:
        ResourceError: even the last device has too little memory.
    """
    for device, smaller in zip(devices, [*devices[1:], None], strict=True):
        try:
            return work(device), device
        except (RuntimeError, MemoryError) as error:
            if not is_device_failure(error):
                raise
            if smaller is None:
                way_out = "take a smaller model of `turntable models`"
                msg = f"too little memory on {device} ({first_line(error)}): {way_out}"
                raise ResourceError(msg) from error
            line = f"{device} failed ({first_line(error)}): going on with {smaller}"
        on_warning(line)  # not above: the error holds the frames of the work, and they what is to be let go
    msg = "no device to run on"
    raise ValueError(msg)


def is_device_failure(error: BaseException) -> bool:
    """Distinguish a device without memory or health from a mistake of ours."""
    signs = ("out of memory", "cuda", "cublas", "cudnn", "can't allocate memory", "bad_alloc")
    mistakes = ("same device", "device type")  # of tensors on two devices
    text = str(error).lower()
    failed = any(sign in text for sign in signs) and not any(mistake in text for mistake in mistakes)
    return isinstance(error, MemoryError) or failed


def first_line(error: BaseException) -> str:
    """Return the first line of an error's message, or its kind where it has none."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]


# Work side by side on the cores of this machine, and never more threads of it than there are cores.


A = TypeVar("A")
B = TypeVar("B")


class Cores:
    """A number of cores: who comes first is served first, or one who wants several would wait for ever."""

    def __init__(self, total: int) -> None:
        self.total = self.free = total
        self.changed = threading.Condition()
        self.turn = threading.Lock()

    @contextmanager
    def taken(self, n: int) -> Iterator[None]:
        """Wait until so many are free, all of them at the most, and keep them for a while."""
        n = min(n, self.total)
        with self.turn, self.changed:
            self.changed.wait_for(lambda: self.free >= n)
            self.free -= n
        try:
            yield
        finally:
            with self.changed:
                self.free += n
                self.changed.notify_all()


CORES = Cores(cpu_threads())


def use_threads(n: int) -> None:
    """Give this thread so many threads of torch and OpenMP, which count thread by thread."""
    import torch

    # A thread's first question takes what any thread has set last, also over what was set here before it.
    torch.get_num_threads()
    torch.set_num_threads(n)


def side_by_side(
    work: Callable[[A], B],
    items: Sequence[A],
    n_threads: int | None = None,
    *,
    most: int | None = None,
    device: str = "cpu",
) -> Iterator[B]:
    """Do some work for each item, several at a time, and give the results in the order of the items.

    Args:
        work: must not come back here, for it holds the cores that it would wait for.
        items: each is one worker's.
        n_threads: of torch and OpenMP, of all workers together; `None` means one for each core. A worker that is
            alone has them all.
        most: the workers at a time; `None` means one for each thread on a CPU, and one on a GPU.
        device: `cuda` takes no cores: there the work is to wait.
    """
    n_threads = n_threads or CORES.total
    n_workers = min(most or (n_threads if device == "cpu" else 1), max(len(items), 1))
    share = max(n_threads // n_workers, 1)

    def alone(item: A) -> B:
        if device != "cpu":
            return work(item)
        with CORES.taken(share):
            return work(item)

    with ThreadPoolExecutor(n_workers, initializer=use_threads, initargs=(share,)) as pool:
        yield from pool.map(alone, items)
