"""Write down what is said in windows: beam search, with Whisper's network in PyTorch.

As CTranslate2 and openai/whisper search with patience 1 and length penalty 1: a window is done when as many
answers have ended as there are beams, and the one with the best mean logarithm of probability wins. One beam is
the greedy way. Importing this module imports torch: do it inside a function.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor

from transforms.speech.whisper.network import LONGEST_TEXT, KVCache, Whisper

LONGEST_ANSWER = 224  # tokens: half of what Whisper can hold, as its authors have it
STRETCH = 128  # tokens whose largest score is looked at before they are
COMPACT_BELOW = 0.75  # when fewer of the windows are still written about, go on with those only


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The tokens that mean something to the decoder.

    `not_first` may not begin an answer: a space, its end. `languages` is empty where the model knows but one.
    """

    sot: int
    eot: int
    no_speech: int
    barred: tuple[int, ...]
    not_first: tuple[int, ...]
    languages: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """What was written about one window.

    `tokens` without the prompt and the end, the logarithm of the probability of each, and the mean over them and
    the end. `queries` are those of the heads that align, (heads, tokens, size) from the start of the transcript
    on, and `keys` what they look at, (heads, 1500, size). `language` is the likeliest language's token, and
    its probability; `None` where the model knows but one.
    """

    tokens: list[int]
    logprobs: list[float]
    avg_logprob: float
    no_speech_prob: float
    queries: Tensor
    keys: Tensor
    language: tuple[int, float] | None


@dataclass(frozen=True, slots=True)
class _Step:
    """One token for each beam: the token, the beam of the step before that it goes on with, the sum so far."""

    tokens: list[int]
    parents: list[int]
    sums: list[float]
    queries: Tensor


@dataclass(slots=True)
class _Window:
    """A window that is written about; `ended` are the answers that ended: their sums, lengths and last beams."""

    ended: list[tuple[float, int, int]] = field(default_factory=list)

    def best(self) -> tuple[float, int, int]:
        """The answer whose tokens are the likeliest on the mean."""
        return max(self.ended, key=lambda one: one[0] / max(one[1], 1))


@torch.inference_mode()
def write(
    network: Whisper, encoded: Tensor, prompt: Sequence[int], vocabulary: Vocabulary, n_beams: int
) -> list[Hypothesis]:
    """Write about encoded windows, (windows, 1500, dimension), each behind the same prompt."""
    with network.begin(encoded) as memory:
        tokens = torch.tensor([list(prompt)] * len(encoded), device=encoded.device)
        hidden, queries = network.step(tokens, memory)
        start = list(prompt).index(vocabulary.sot)
        beginning = network.logits(hidden[:, start])
        silence = torch.softmax(beginning, -1)[:, vocabulary.no_speech].tolist()
        keys = network.keys_of_alignment(memory)
        windows = [_Window() for _ in silence]
        steps = _search(network, memory, hidden, vocabulary, n_beams, windows)
    return [
        _written(
            steps,
            window,
            silent,
            queries[n, :, start:],
            keys[n],
            likeliest_token(beginning[n], vocabulary.languages),
        )
        for n, (window, silent) in enumerate(zip(windows, silence, strict=True))
    ]


def _search(
    network: Whisper,
    memory: KVCache,
    hidden: Tensor,
    vocabulary: Vocabulary,
    n_beams: int,
    windows: Sequence[_Window],
) -> list[_Step]:
    """Go on, a token at a time, until all windows are done."""
    barred = torch.tensor(vocabulary.barred, dtype=torch.int64, device=hidden.device)
    barred_first = torch.tensor((*vocabulary.barred, *vocabulary.not_first), device=hidden.device)
    going_on = list(windows)  # what the rows of `memory` are about, each as many rows as there are beams
    sums = hidden.new_zeros(len(going_on), dtype=torch.float32)
    steps: list[_Step] = []
    n_steps = min(LONGEST_ANSWER, LONGEST_TEXT - memory.length)
    for n in range(n_steps):
        logits = network.logits(hidden[:, -1]).index_fill_(1, barred if n else barred_first, -torch.inf)
        found = _candidates(logits, sums, len(going_on), 2 * n_beams)
        beams = [
            _go_on(window, rows, vocabulary.eot, n, n_beams) for window, rows in zip(going_on, found, strict=True)
        ]
        kept = [row for row, window in enumerate(going_on) if len(window.ended) < n_beams]
        if not kept:
            break
        if len(kept) >= COMPACT_BELOW * len(going_on):
            kept = list(range(len(going_on)))
        else:
            memory.keep(kept)
            going_on = [going_on[row] for row in kept]
        total, parents, tokens = zip(*(beam for row in kept for beam in beams[row]), strict=True)
        memory.follow(torch.tensor(parents, device=hidden.device))
        sums = torch.tensor(total, device=hidden.device)
        hidden, looks = network.step(torch.tensor(tokens, device=hidden.device)[:, None], memory)
        steps.append(_Step(list(tokens), list(parents), list(total), looks[:, :, 0]))
    for n, window in enumerate(going_on):
        if not window.ended:  # there was no room for an end
            window.ended = [(steps[-1].sums[n * n_beams], len(steps), n * n_beams)]
    return steps


def _candidates(logits: Tensor, sums: Tensor, n_windows: int, n: int) -> list[list[tuple[float, int, int]]]:
    """List the `n` best ways to go on with each window, best first: their sums, beams and tokens.

    Args:
        logits: float32 (beams of all windows, vocabulary).
        sums: float32 (beams of all windows,): what the beams sum up to so far.
        n_windows: how many windows there are.
        n: how many ways.
    """
    best, tokens = largest(logits, n)
    totals = (best - logits.logsumexp(-1, keepdim=True) + sums[:, None]).view(n_windows, -1)
    chosen, places = totals.topk(n)
    chosen_tokens = tokens.view(n_windows, -1).gather(1, places)
    n_rows = len(logits) // n_windows
    rows = places // n + n_rows * torch.arange(n_windows, device=logits.device)[:, None]
    return [
        list(zip(*ways, strict=True))
        for ways in zip(chosen.tolist(), rows.tolist(), chosen_tokens.tolist(), strict=True)
    ]


def largest(scores: Tensor, n: int) -> tuple[Tensor, Tensor]:
    """Choose the `n` largest of each row, the largest first: float32 (rows, n), and where they are.

    None lies outside of the `n` stretches with the largest maxima: what is sorted is a fortieth of all.

    >>> [found.tolist() for found in largest(torch.tensor([[1.0, 4.0, 2.0, 3.0]]), 2)]
    [[[4.0, 3.0]], [[1, 3]]]
    """
    rows, size = scores.shape
    if size < n * STRETCH:
        return tuple(scores.topk(n))  # type: ignore[return-value]
    stretches = F.pad(scores, (0, -size % STRETCH), value=-torch.inf).view(rows, -1, STRETCH)
    chosen = stretches.amax(-1).topk(n).indices
    best, places = stretches.gather(1, chosen[..., None].expand(-1, -1, STRETCH)).flatten(1).topk(n)
    return best, chosen.gather(1, places // STRETCH) * STRETCH + places % STRETCH


def _go_on(
    window: _Window, ways: Sequence[tuple[float, int, int]], eot: int, length: int, n_beams: int
) -> list[tuple[float, int, int]]:
    """Take the best ways as the beams of a window; an end among as many of them ends an answer."""
    ended = [(way[0], length, way[1]) for way in ways[:n_beams] if way[2] == eot]
    window.ended += ended[: n_beams - len(window.ended)]
    return [way for way in ways if way[2] != eot][:n_beams]


def likeliest_token(beginning: Tensor, tokens: Sequence[int]) -> tuple[int, float] | None:
    """Choose one of some tokens by the scores of all, (vocabulary,), and say how likely it is; `None` of none."""
    if not tokens:
        return None
    best = torch.softmax(beginning[list(tokens)], -1).max(0)
    return tokens[int(best.indices)], float(best.values)


def _written(
    steps: Sequence[_Step],
    window: _Window,
    silence: float,
    before: Tensor,
    keys: Tensor,
    language: tuple[int, float] | None,
) -> Hypothesis:
    """Go back from the end of the best answer to its beginning."""
    total, length, row = window.best()
    tokens, sums, queries = [], [], []
    for step in reversed(steps[:length]):
        tokens.append(step.tokens[row])
        sums.append(step.sums[row])
        queries.append(step.queries[row])
        row = step.parents[row]
    sums = [0.0, *reversed(sums)]
    return Hypothesis(
        tokens=tokens[::-1],
        logprobs=[after - so_far for so_far, after in pairwise(sums)],
        avg_logprob=total / (length + 1),
        no_speech_prob=silence,
        queries=torch.cat([before, *(query[:, None] for query in reversed(queries))], 1),
        keys=keys,
        language=language,
    )
