"""Speech in pieces of one voice: each is embedded once, for all the chunks of the segmentation that hear it.

pyannote embeds what a speaker says in a chunk, chunk by chunk, and chunks overlap: at its hop of one second all
speech goes through the embedding network ten times. Here it goes through once, and a speaker's voice in a chunk is
the mean of his pieces there. The pieces also tell when the segmentation took two people for one.

Importing this module imports torch: do it inside a function.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from torch import Tensor

from transforms.audio.decoding import SAMPLE_RATE
from transforms.speech.device import CORES, side_by_side
from transforms.speech.pyannote import campplus
from transforms.speech.pyannote.low_memory import crop, in_a_pass, in_blocks, joined

# Everything here counts in feature frames: one every 10 ms, each of 25 ms.
FRAME, FRAME_LENGTH = SAMPLE_RATE // 100, SAMPLE_RATE // 40  # samples from one to the next, and in one
FRAMES_OF_A_CHUNK = 998  # those that end within its ten seconds
CELL = 160  # the longest piece. Of 1.0 to 3.0 s 1.25 to 1.6 parts people best; CAM++ learned on three seconds
SHORTEST = 20  # less says too little about a voice
LENGTHS = 20  # pieces are cut to multiples of so many frames, so that many have one length
OVERLAPS = (300, 200, 100, 60, 20)  # how much is taken of a voice that is nowhere alone
FRAMES_IN_A_PASS = {"cpu": 1_280, "cuda": 120_000}  # at the most; on a CPU, larger batches leave the cache
BYTES_OF_A_FRAME = 20_500  # that the network takes, in float32; measured on a CPU
PIECES_AT_ONCE = 150  # whose features a core has in memory together
CELLS_AT_ONCE = 250  # whose features a GPU computes together: 400 s, some 100 MB
PIECES_OF_A_BLOCK = 1_500  # about half an hour

# Two people whom the segmentation took for one, seen in two groups of their pieces. From 0.6 to 0.75 and from 0.4
# to 0.9 s the error of twelve episodes is 7.5 to 8.8 %, without parting 11.2 % (tests/benchmarks/RESULTS.md).
OTHER_VOICE = 0.7  # cosine distance, on average, from which two groups are two people
SURE_PIECE, SHORTEST_OTHER = 50, 60  # the least that is compared, and that has to be somebody else's

Embed = Callable[[Sequence[Tensor]], NDArray[np.float32]]
Place = tuple[int, int]  # chunk, speaker


@dataclass(frozen=True, slots=True)
class EmbeddingSegments:
    """Where one speaker speaks alone, cut on a grid over the episode.

    `cells`, shape (pieces,), rising, is the cell in which each one lies, and `frames`, bool (pieces, CELL), what
    it takes of it.
    """

    cells: NDArray[np.intp]
    frames: NDArray[np.bool_]

    def heard_by(self, first: int, alone: NDArray[np.bool_]) -> tuple[slice, NDArray[np.intp]]:
        """Find the pieces that a chunk hears, and count the frames that each of its speakers has of each.

        Args:
            first: the first cell of the chunk.
            alone: bool (cells, CELL, speakers), as `on_grid` gives it.
        """
        here = slice(*np.searchsorted(self.cells, [first, first + len(alone)]).tolist())
        return here, (self.frames[here, :, None] & alone[self.cells[here] - first]).sum(axis=1)


def on_grid(chunk: NDArray[np.uint8], start: int) -> tuple[int, NDArray[np.bool_]]:
    """Place a chunk, (frames, speakers) of 0 and 1, that starts with a feature frame of the episode, on the grid.

    Returns:
        Its first cell, and bool (cells, CELL, speakers): who speaks alone there.
    """
    heard = chunk[_at_features(len(chunk))] > 0
    cell, offset = divmod(start, CELL)
    grid = np.zeros((-(-(offset + len(heard)) // CELL) * CELL, heard.shape[1]), np.bool_)
    grid[offset : offset + len(heard)] = heard & (heard.sum(axis=1, keepdims=True) == 1)
    return cell, grid.reshape(-1, CELL, heard.shape[1])


@cache
def _at_features(n_frames: int) -> NDArray[np.intp]:
    """Return which frame of the segmentation, of so many in a chunk, holds the centre of each feature frame."""
    # That of feature frame i is at 10 i + 12.5 ms, and the chunk lasts as many steps and one frame of 25 ms.
    centres = np.arange(FRAMES_OF_A_CHUNK) + 1.25
    return (centres / (FRAMES_OF_A_CHUNK + 1.5) * n_frames).astype(np.intp)


def cut(chunks: NDArray[np.uint8], step: int) -> EmbeddingSegments:
    """Cut pieces from what chunks, (chunks, frames, speakers), so many feature frames apart, hear.

    Of each cell that chunk decides whose middle is closest: it sees most to either side.
    """
    n_cells = -(-((len(chunks) - 1) * step + FRAMES_OF_A_CHUNK) // CELL)
    middles = (np.arange(n_cells) + 0.5) * CELL
    owners = np.clip(np.rint((middles - FRAMES_OF_A_CHUNK / 2) / step), 0, len(chunks) - 1).astype(np.intp)
    cells, frames = [np.empty(0, np.intp)], [np.empty((0, CELL), np.bool_)]
    for own in np.split(np.arange(n_cells), np.flatnonzero(np.diff(owners)) + 1):
        owner = int(owners[own[0]])
        first, alone = on_grid(chunks[owner], owner * step)
        spoken = alone[own - first].transpose(0, 2, 1)  # (cells, speakers, CELL)
        long_enough = spoken.sum(axis=2) >= SHORTEST
        cells.append(own[long_enough.nonzero()[0]])
        frames.append(spoken[long_enough])
    return EmbeddingSegments(np.concatenate(cells), np.concatenate(frames))


def embed(
    pieces: EmbeddingSegments,
    block: range,
    samples: Tensor,
    network: Embed,
    device: str,
    on_progress: Callable[[int], None],
) -> NDArray[np.float32]:
    """Embed a block of the pieces: float32 (len(block), dimension), each of length 1.

    Args:
        pieces: of the same episode as the samples.
        block: which of them.
        samples: int16, or float32 from -1 to 1; mono, shape (n_samples,), 16 kHz.
        network: embeds pieces of one length, float32 (frames, 80) each.
        device: `cpu` or `cuda`.
        on_progress: told how many of all pieces are done, with those before the block.
    """

    def work(some: range) -> NDArray[np.float32]:
        voices = features(samples, pieces, some, device)
        embedded = _in_batches(voices, network, device)
        embedded /= np.linalg.norm(embedded, axis=1, keepdims=True)
        return embedded

    size = min(PIECES_AT_ONCE, -(-len(block) // CORES.total)) if device == "cpu" else len(block)
    return joined(work, in_blocks(block, size), device, block.start, on_progress)


def features(samples: Tensor, pieces: EmbeddingSegments, some: range, device: str) -> list[Tensor]:
    """Compute the features of some pieces, float32 (frames, 80) each, on the device.

    On a GPU those of all that lies between them in one go: for each piece by itself it would mostly wait.
    """
    if device == "cpu" or not len(some):
        return [_features(samples, int(pieces.cells[n]) * CELL, pieces.frames[n], device) for n in some]
    found: list[Tensor] = []
    for stretch in _stretches(pieces.cells, some):
        first, last = int(pieces.cells[stretch.start]), int(pieces.cells[stretch.stop - 1]) + 1
        piece = crop(samples, first * CELL * FRAME, ((last - first) * CELL - 1) * FRAME + FRAME_LENGTH)
        fbank = campplus.kaldi_fbank(piece.to(device))
        wanted = [np.flatnonzero(pieces.frames[n]) + (pieces.cells[n] - first) * CELL for n in stretch]
        wanted = [frames[: len(frames) // LENGTHS * LENGTHS] for frames in wanted]
        chosen = fbank[torch.from_numpy(np.concatenate(wanted)).to(device)]
        found += chosen.split([len(frames) for frames in wanted])  # type: ignore[no-untyped-call]
    return found


def _stretches(cells: NDArray[np.intp], some: range) -> Iterator[range]:
    """Cut pieces into stretches that lie within a few minutes."""
    begun = some.start
    for n in some:
        if cells[n] - cells[begun] >= CELLS_AT_ONCE:
            yield range(begun, n)
            begun = n
    yield range(begun, some.stop)


def _features(samples: Tensor, start: int, frames: NDArray[np.bool_], device: str) -> Tensor:
    """Compute the feature frames that are wanted of those from `start` on: float32 (frames, 80), on the device."""
    piece = crop(samples, start * FRAME, (len(frames) - 1) * FRAME + FRAME_LENGTH)
    wanted = torch.from_numpy(np.flatnonzero(frames))
    fbank = campplus.kaldi_fbank(piece.to(device))[wanted.to(device)]
    return fbank[: len(fbank) // LENGTHS * LENGTHS]


def _in_batches(voices: Sequence[Tensor], network: Embed, device: str) -> NDArray[np.float32]:
    """Embed voices, those of one length together, as many as one pass has room for.

    What is left over goes in batches of a quarter; on a CPU they are filled up with one voice again and again, for
    oneDNN keeps 24 MB for each number of rows that it has multiplied.
    """
    embeddings = np.empty((len(voices), campplus.DIMENSION), np.float32)
    by_length: dict[int, list[int]] = {}
    for n, voice in enumerate(voices):
        by_length.setdefault(len(voice), []).append(n)
    n_frames = in_a_pass(FRAMES_IN_A_PASS, device, BYTES_OF_A_FRAME)
    for length, equal in by_length.items():
        whole = max(n_frames // length, 1)
        quarter, n_whole = max(whole // 4, 1), len(equal) // whole * whole
        left = range(n_whole, len(equal))
        for batch in (*in_blocks(range(n_whole), whole), *in_blocks(left, quarter)):
            size = whole if batch.stop <= n_whole else quarter
            chosen = [equal[n] for n in batch]
            filled = chosen + chosen[-1:] * (size - len(chosen) if device == "cpu" else 0)
            embeddings[chosen] = network([voices[n] for n in filled])[: len(chosen)]
    return embeddings


def voices(
    chunks: NDArray[np.uint8], step: int, pieces: EmbeddingSegments, embeddings: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Assign each speaker of each chunk the mean of his pieces, by how much of each is his.

    A speaker whose pieces are two people's is parted in two, in `chunks` itself, if it has a speaker to spare.

    Returns:
        float32 (chunks, speakers, dimension); NaN where a speaker is not alone for long enough.
    """
    means = np.full((len(chunks), chunks.shape[2], embeddings.shape[1]), np.nan, np.float32)
    for n, chunk in enumerate(chunks):
        first, alone = on_grid(chunk, n * step)
        here, heard = pieces.heard_by(first, alone)
        if part(chunk, heard, embeddings[here], _centres(pieces, here, n * step)):
            _, heard = pieces.heard_by(*on_grid(chunk, n * step))
        enough = heard.sum(axis=0) >= SHORTEST
        weights = heard[:, enough] / heard[:, enough].sum(axis=0)
        means[n, enough] = weights.T @ embeddings[here]
    return means


def _centres(pieces: EmbeddingSegments, here: slice, start: int) -> NDArray[np.float64]:
    """Place some pieces in a chunk: 0 is where it starts, 1 where it ends."""
    frames = pieces.frames[here]
    centres = (frames * np.arange(CELL)).sum(axis=1) / frames.sum(axis=1)
    return np.asarray((pieces.cells[here] * CELL + centres - start) / FRAMES_OF_A_CHUNK)


def part(
    chunk: NDArray[np.uint8], heard: NDArray[np.intp], voices: NDArray[np.float32], centres: NDArray[np.float64]
) -> bool:
    """Part speakers of a chunk who are two people each; say whether there was one.

    Args:
        chunk: (frames, speakers) of 0 and 1, which is changed: the frames closest to the pieces of one of the two
            go to a speaker who was silent.
        heard: (pieces, speakers), the feature frames that each speaker has of each piece.
        voices: float32 (pieces, dimension), each of length 1.
        centres: (pieces,), where in the chunk they lie, from 0 to 1.
    """
    free = np.flatnonzero(~chunk.any(axis=0)).tolist()
    parted = False
    for speaker in np.argsort(-heard.sum(axis=0)):
        if not free:
            break
        own = np.flatnonzero(heard[:, speaker] >= SURE_PIECE)
        other = _other_voice(voices[own], heard[own, speaker])
        if other is None:
            continue
        frames = np.flatnonzero(chunk[:, speaker])
        closest = np.abs(frames[:, None] / len(chunk) - centres[own]).argmin(axis=1)
        moved = frames[other[closest]]
        chunk[moved, free.pop()], chunk[moved, speaker] = 1, 0
        parted = True
    return parted


def _other_voice(voices: NDArray[np.float32], lengths: NDArray[np.intp]) -> NDArray[np.bool_] | None:
    """Mark the pieces of whom of two people speaks less; `None` where all are one's."""
    if len(voices) < 2:
        return None
    tree = linkage(voices, "average", metric="cosine")
    if tree[-1, 2] < OTHER_VOICE:
        return None
    second = fcluster(tree, 2, "maxclust") == 2
    other: NDArray[np.bool_] = second if lengths[second].sum() <= lengths[~second].sum() else ~second
    return other if lengths[other].sum() >= SHORTEST_OTHER else None


def overlapped(
    chunks: NDArray[np.uint8], step: int, places: Sequence[Place], samples: Tensor, network: Embed, device: str
) -> Iterator[tuple[Place, NDArray[np.float32]]]:
    """Embed the middle of what those say who are nowhere alone, each of length 1; who says too little has none."""

    def spoken(place: Place) -> NDArray[np.bool_]:
        chunk, speaker = place
        return np.asarray(chunks[chunk, _at_features(chunks.shape[1]), speaker] > 0)

    long_enough = [place for place in places if spoken(place).sum() >= SHORTEST]

    def work(place: Place) -> NDArray[np.float32]:
        voice = _features(samples, place[0] * step, spoken(place), device)
        length = next(length for length in OVERLAPS if length <= len(voice))
        first = (len(voice) - length) // 2
        embedded = network([voice[first : first + length]])[0]
        return np.asarray(embedded / np.linalg.norm(embedded))

    yield from zip(long_enough, side_by_side(work, long_enough, device=device), strict=True)


def silent(embeddings: NDArray[Any]) -> list[Place]:
    """List the chunks and speakers that have no voice."""
    return list(zip(*(axis.tolist() for axis in np.isnan(embeddings[:, :, 0]).nonzero()), strict=True))
