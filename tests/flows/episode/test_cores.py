"""Work side by side: in order, on no more cores than there are, and errors come out."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from transforms.speech import device
from transforms.speech.device import Cores, side_by_side

pytestmark = pytest.mark.system  # torch is imported


class Busy:
    """Work that notes how many do it at once."""

    def __init__(self) -> None:
        self.now = self.most = 0
        self.lock = threading.Lock()

    def __call__(self, n: int) -> int:
        """Return the number after a while."""
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
        time.sleep(0.01)
        with self.lock:
            self.now -= 1
        return n


def test_results_come_in_the_order_of_the_items() -> None:
    """Though the first takes longest."""
    assert list(side_by_side(lambda n: time.sleep(0.05 - n / 100) or n, range(5), 5)) == [0, 1, 2, 3, 4]
    assert list(side_by_side(str, [], 2)) == []


def test_two_kinds_of_work_share_the_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two models of three workers each, on three cores."""
    monkeypatch.setattr(device, "CORES", Cores(3))
    busy = Busy()
    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(lambda _: list(side_by_side(busy, range(12), 3)), range(2)))

    assert done == [list(range(12))] * 2
    assert busy.most == 3


def test_who_wants_all_cores_is_not_overtaken_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """One worker of two threads, beside two that always have something to do."""
    monkeypatch.setattr(device, "CORES", Cores(2))
    over = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        busy = pool.submit(lambda: list(side_by_side(lambda _: over.wait(0.005), range(2000), 2)))
        time.sleep(0.05)
        list(side_by_side(str, [1], 2))
        is_done = busy.done()
        over.set()

    assert not is_done


def test_a_worker_has_its_threads_whatever_others_set_since() -> None:
    """Its first piece of work comes after somebody else has set another number."""

    def count(_: int) -> int:
        time.sleep(0.05)
        torch.zeros(200_000).sum()  # torch looks up its threads
        return torch.get_num_threads()

    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(lambda: list(side_by_side(count, [0, 1], 2)))
        other = pool.submit(lambda: list(side_by_side(count, [0, 1, 2], 6, most=2)))

    assert one.result() == [1, 1]
    assert other.result() == [3, 3, 3]


def test_more_than_there_is_means_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """One worker with eight threads does not wait for cores that never come; nor does one on a GPU."""
    monkeypatch.setattr(device, "CORES", Cores(2))

    assert list(side_by_side(lambda _: (torch.get_num_threads(), device.CORES.free), [0], 8)) == [(8, 0)]
    with device.CORES.taken(2):
        assert list(side_by_side(str, [1, 2], 8, device="cuda")) == ["1", "2"]
    assert device.CORES.free == 2


def test_an_error_comes_out_and_frees_its_core(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rest is not begun, or finishes."""
    monkeypatch.setattr(device, "CORES", Cores(2))
    with pytest.raises(ZeroDivisionError):
        list(side_by_side(lambda n: 1 // n, [1, 0, 1, 1], 2))

    assert device.CORES.free == 2
