"""The beam search of `beam_search` in tensors of fixed shape, as a GPU wants it; it writes the same.

    a step is one recorded CUDA graph: it allocates nothing, and copies nothing to the host
    no keys or values move: which of those that its window's beams wrote a beam goes on from is a mask
    the host asks every `STEPS_AT_ONCE` steps which windows are done, and goes on with the others

It also obeys what faster-whisper asks of CTranslate2 in the second pass: time stamps, no repetitions.
Importing this module imports torch: do it inside a function.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from transforms.speech.device import is_device_failure
from transforms.speech.whisper.beam_search import LONGEST_ANSWER, Hypothesis, Vocabulary, likeliest_token
from transforms.speech.whisper.network import LONGEST_TEXT, Whisper

STEPS_AT_ONCE = 16  # a window that is done is carried along for half as many on the mean
GO_ON_BELOW = 0.5  # when no more than that share of the windows is still written about, go on with those only
ROOMS = (64, 128, 256, LONGEST_TEXT)  # tokens: a step looks at all of a room, and each room is a graph of its own
WINDOWS_LIE_IN = {"cross": 2, "own": 2, "told": 2, "told_sums": 1, "looks": 1}  # which dimension; else the first


@dataclass(frozen=True, slots=True)
class Rules:
    """What else an answer obeys.

    `timestamps` is the token of 0 s; those behind it follow in steps of 20 ms. Then an answer begins with one of
    the first `latest_start` + 1, and they come in pairs and never go back, as openai/whisper has it; `None` means
    that there are none. `no_repeat` is how many tokens in a row may not come twice; 0 lets them be. `longest` is
    the most tokens of an answer.
    """

    timestamps: int | None = None
    latest_start: int = 50
    no_repeat: int = 0
    longest: int = LONGEST_ANSWER


NO_RULES = Rules()
RECORDING = threading.Lock()  # torch waits for the whole device before it records, which may record nothing then


@dataclass(slots=True)
class Boards:
    """The memory of one search, made once and used batch for batch: for so many windows and beams at the most.

    In `tensors`, by name:
        cross  (layers, 2, windows, heads, frames, size): keys and values of what was heard
        own    (layers, 2, windows, heads, room, beams, size): of what each beam wrote
        sees   bool (windows, beams, room, beams): which of those a beam goes on from
        hidden (windows, beams, dimension): the state behind its last token
        text   int64 (windows, beams, 1 + room): what a beam wrote, behind a stand-in for what was before
        last   int64 (windows, beams, 2): its last token, and the beam that it goes on from
        sums   float32 (windows, beams)
        ended  float32 (windows, beams + 1, 3): sum, length and beam of each answer that ended; one is for nothing
        n_ended int64 (windows,)
        told   int64 (2, room, windows, beams), told_sums float32 (room, …): `last` and `sums` of each step
        looks  (room, windows, beams, heads that align, size): the queries of those heads
        counts int64 (2,): tokens written so far, and tokens read, with the prompt
    """

    n_windows: int
    n_beams: int
    tensors: dict[str, Tensor]
    graphs: dict[Any, Any] = field(default_factory=dict)
    pool: Any = None
    records: bool = False  # whether the steps are recorded: on a GPU, unless it failed

    def of_first(self, n: int) -> dict[str, Tensor]:
        """Return the memory of the first `n` windows."""
        return {
            name: x if name == "counts" else x.narrow(WINDOWS_LIE_IN.get(name, 0), 0, n)
            for name, x in self.tensors.items()
        }

    def keep(self, windows: Sequence[int]) -> None:
        """Go on with some of the windows, in their order."""
        chosen = torch.tensor(list(windows), device=self.tensors["sums"].device)
        for name, x in self.tensors.items():
            dimension = WINDOWS_LIE_IN.get(name, 0)
            if name in ("cross", "own"):  # too large for a copy of all
                for place, window in enumerate(windows):
                    if place != window:
                        x.select(dimension, place).copy_(x.select(dimension, window))
            elif name != "counts":
                x.narrow(dimension, 0, len(chosen)).copy_(x.index_select(dimension, chosen))


def make_boards(network: Whisper, n_windows: int, n_beams: int) -> Boards:
    """Take the memory for a search."""
    stack, device, dtype = network.decoder, network.device, network.dtype
    dimension = stack.weights["layer_norm/gamma"].numel()
    heads, size = stack.n_heads, dimension // stack.n_heads
    n_frames = len(network.encoder.weights["position_encodings/encodings"])
    rows, room = (n_windows, n_beams), LONGEST_TEXT

    def numbers(*shape: int, dtype: torch.dtype = dtype) -> Tensor:
        return torch.zeros(shape, dtype=dtype, device=device)

    tensors = {
        "cross": numbers(stack.n_layers, 2, n_windows, heads, n_frames, size),
        "own": numbers(stack.n_layers, 2, n_windows, heads, room, n_beams, size),
        "sees": numbers(*rows, room, n_beams, dtype=torch.bool),
        "hidden": numbers(*rows, dimension),
        "text": numbers(*rows, 1 + room, dtype=torch.int64),
        "last": numbers(*rows, 2, dtype=torch.int64),
        "sums": numbers(*rows, dtype=torch.float32),
        "ended": numbers(n_windows, n_beams + 1, 3, dtype=torch.float32),
        "n_ended": numbers(n_windows, dtype=torch.int64),
        "told": numbers(2, room, *rows, dtype=torch.int64),
        "told_sums": numbers(room, *rows, dtype=torch.float32),
        "looks": numbers(room, *rows, len(network.alignment_heads), size),
        "counts": numbers(2, dtype=torch.int64),
    }
    return Boards(n_windows, n_beams, tensors, records=device.type == "cuda")


class StaticSearch:
    """Writes about windows with one network; what memory it needs it keeps for the next ones."""

    def __init__(self, network: Whisper) -> None:
        self.network = network
        self.idle: list[Boards] = []
        self.lock = threading.Lock()

    @torch.inference_mode()
    def write(
        self,
        encoded: Tensor,
        prompt: Sequence[int],
        vocabulary: Vocabulary,
        n_beams: int,
        rules: Rules = NO_RULES,
    ) -> list[Hypothesis]:
        """Write about encoded windows, (windows, 1500, dimension), each behind the same prompt."""
        boards = self._taken(bucket(len(encoded)), n_beams)
        written = _Writing(self.network, boards, tuple(prompt), vocabulary, rules).write(encoded)
        with self.lock:  # after an error they are let go: it may be that their memory was too much
            self.idle.append(boards)
        return written

    def _taken(self, n_windows: int, n_beams: int) -> Boards:
        with self.lock:
            for boards in self.idle:
                if boards.n_beams == n_beams and boards.n_windows >= n_windows:
                    self.idle.remove(boards)
                    return boards
            self.idle.clear()
        return make_boards(self.network, n_windows, n_beams)


def bucket(n: int) -> int:
    """Round a number of windows up to a power of two: each other number would be another graph.

    >>> [bucket(n) for n in (1, 2, 3, 33)]
    [1, 2, 4, 64]
    """
    return 1 << (n - 1).bit_length()


class _Writing:
    """One batch on its boards; `windows` says whose windows lie there, and `written` what became of them."""

    def __init__(
        self, network: Whisper, boards: Boards, prompt: tuple[int, ...], vocabulary: Vocabulary, rules: Rules
    ) -> None:
        self.network, self.boards, self.prompt = network, boards, prompt
        self.vocabulary, self.rules = vocabulary, rules
        barred = _mask(network.n_tokens, vocabulary.barred, network.device)
        self.barred, self.ids = barred, torch.arange(network.n_tokens, device=network.device)
        self.barred_first = barred | _mask(network.n_tokens, vocabulary.not_first, network.device)
        self.windows: list[int] = []
        self.written: dict[int, Hypothesis] = {}
        self.now: dict[str, Tensor] = {}

    def write(self, encoded: Tensor) -> list[Hypothesis]:
        """Write about all windows."""
        n, start = len(encoded), self.prompt.index(self.vocabulary.sot)
        self.windows = list(range(n))
        self._lay_out(bucket(n))
        hidden, queries = self._hear(encoded)
        beginning = self.network.logits(hidden[:n, start])
        self.silence = torch.softmax(beginning, -1)[:, self.vocabulary.no_speech].tolist()
        self.languages = [likeliest_token(one, self.vocabulary.languages) for one in beginning]
        self.before = queries[:n, :, start:]
        cross = self.boards.tensors["cross"]
        self.keys = torch.stack([cross[layer, 0, :n, head] for layer, head in self.network.alignment_heads], 1)
        self._search(hidden[:, -1:], min(self.rules.longest, LONGEST_TEXT - len(self.prompt)))
        return [self.written[window] for window in range(n)]

    def _lay_out(self, n: int) -> None:
        """Let `n` windows be on the boards, of which those without a window are done."""
        self.now = self.boards.of_first(n)
        self.now["n_ended"][len(self.windows) :] = self.boards.n_beams

    def _hear(self, encoded: Tensor) -> tuple[Tensor, Tensor]:
        """Begin with the prompt; return the hidden states behind it, and the queries of the heads that align."""
        now, stack, w, n = self.now, self.network.decoder, self.network.decoder.weights, len(encoded)
        for name in ("sees", "n_ended", "ended"):
            now[name].zero_()
        self._lay_out(len(now["sums"]))
        n_prompt = len(self.prompt)
        now["sees"][:, :, :n_prompt, 0] = True  # the prompt lies where the first beam writes
        now["text"].fill_(self.network.n_tokens - 1)
        now["counts"].copy_(torch.tensor([0, n_prompt]))
        tokens = torch.tensor(self.prompt, device=encoded.device).expand(len(now["sums"]), -1)
        x = F.embedding(tokens, w["embeddings/weight"]) + w["position_encodings/encodings"][:n_prompt]
        looks: dict[tuple[int, int], Tensor] = {}
        for layer in range(stack.n_layers):
            both = stack.linear(encoded, f"layer_{layer}/attention/linear_1")
            heads = both.view(*both.shape[:2], 2, stack.n_heads, -1).permute(2, 0, 3, 1, 4)
            now["cross"][layer, :, :n] = heads
            keys_and_values = now["own"][layer, :, :, :, :n_prompt, 0]
            attend = partial(self._attend_prompt, keys_and_values)
            x = self._layer(x, layer, attend, looks)
        return stack.norm(x, "layer_norm"), torch.stack([looks[at] for at in self.network.alignment_heads], 1)

    def _attend_prompt(self, kept: Tensor, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        kept[0], kept[1] = k, v
        return F.scaled_dot_product_attention(q, k, v, is_causal=True)

    def _layer(
        self,
        x: Tensor,
        n: int,
        attend: Callable[[Tensor, Tensor, Tensor], Tensor],
        looks: dict[tuple[int, int], Tensor],
    ) -> Tensor:
        """Run a layer of the decoder on (windows, tokens, dimension); note the queries of the heads that align."""
        stack, name = self.network.decoder, f"layer_{n}"
        normal = stack.norm(x, f"{name}/self_attention/layer_norm")
        q, k, v = map(stack.heads, stack.linear(normal, f"{name}/self_attention/linear_0").chunk(3, dim=-1))
        mixed = attend(q, k, v).transpose(1, 2).flatten(2)
        x = x + stack.linear(mixed, f"{name}/self_attention/linear_1")
        normal = stack.norm(x, f"{name}/attention/layer_norm")
        queries = stack.heads(stack.linear(normal, f"{name}/attention/linear_0"))
        looks |= {(n, head): queries[:, head] for layer, head in self.network.alignment_heads if layer == n}
        mixed = F.scaled_dot_product_attention(queries, *self.now["cross"][n]).transpose(1, 2).flatten(2)
        x = x + stack.linear(mixed, f"{name}/attention/linear_2")
        return stack.feed_forward(x, name)

    def _search(self, hidden: Tensor, n_steps: int) -> None:
        """Go on, a token at a time, until all windows are done."""
        self._choose(hidden, first=True)
        self._read(self._room(0))
        for n in range(1, n_steps):
            if n % STEPS_AT_ONCE == 0 and not self._go_on(n):
                return
            self._step(self._room(n))
        self._finish(range(len(self.windows)), n_steps)
        self.windows = []

    def _room(self, n_written: int) -> int:
        return next(room for room in ROOMS if room > len(self.prompt) + n_written)

    def _go_on(self, n_steps: int) -> bool:
        """Finish windows that are done when they are many; say whether there are others."""
        done = (self.now["n_ended"] >= self.boards.n_beams).tolist()
        left = [place for place in range(len(self.windows)) if not done[place]]
        if len(left) > GO_ON_BELOW * len(done):
            return True
        self._finish([place for place in range(len(self.windows)) if done[place]], n_steps)
        self.windows = [self.windows[place] for place in left]
        if left:
            self.boards.keep(left)
            self._lay_out(bucket(len(left)))
        return bool(left)

    def _step(self, room: int) -> None:
        """Choose the next tokens and read them: recorded when that is done for the first time, then replayed."""

        def step() -> None:
            self._choose(self.now["hidden"], first=False)
            self._read(room)

        boards = self.boards
        key = (len(self.now["sums"]), room, self.vocabulary, self.rules)
        if key in boards.graphs:
            boards.graphs[key][0].replay()
            return
        step()  # the one that is wanted now; it also warms up what is recorded
        if boards.records:
            recorded = _recorded(step, boards)
            if recorded is not None:  # with what its kernels read, which nobody else may hold
                boards.graphs[key] = (recorded, self.barred, self.ids)

    def _choose(self, hidden: Tensor, *, first: bool) -> None:
        """Choose the best ways to go on; an end among the best ends an answer, the others are the beams."""
        now, n_beams = self.now, self.boards.n_beams
        logits = self.network.logits(hidden).masked_fill_(self.barred_first if first else self.barred, -torch.inf)
        logits = self._obedient(logits, first)
        best, tokens = logits.topk(2 * n_beams)
        sums = 0.0 if first else now["sums"][..., None]
        totals = (best - logits.logsumexp(-1, keepdim=True) + sums).flatten(1)
        totals, places = totals.topk(2 * n_beams)
        tokens, beams = tokens.flatten(1).gather(1, places), places // (2 * n_beams)
        is_end = tokens == self.vocabulary.eot
        self._end(totals[:, :n_beams], beams[:, :n_beams], is_end[:, :n_beams])
        rank = torch.where(is_end, n_beams, (~is_end).cumsum(1) - 1).clamp_(max=n_beams)
        for name, ways in (("sums", totals), ("last", torch.stack([tokens, beams], -1))):
            wide = ways.new_zeros(len(ways), n_beams + 1, *ways.shape[2:])
            index = rank if ways.ndim == 2 else rank[..., None].expand_as(ways)
            now[name].copy_(wide.scatter_(1, index, ways)[:, :n_beams])
        count = now["counts"][:1]
        beams = now["last"][..., 1]
        now["text"].copy_(now["text"].gather(1, beams[..., None].expand_as(now["text"])))
        now["text"].index_copy_(2, count + 1, now["last"][..., :1])
        now["told"].index_copy_(1, count, now["last"].permute(2, 0, 1)[:, None])
        now["told_sums"].index_copy_(0, count, now["sums"][None])

    def _end(self, totals: Tensor, beams: Tensor, is_end: Tensor) -> None:
        """Note the answers that end, (windows, beams) each, up to as many as there are beams."""
        n_beams, n_ended = self.boards.n_beams, self.now["n_ended"]
        rank = n_ended[:, None] + is_end.cumsum(1) - 1
        rank = torch.where(is_end & (rank < n_beams), rank, n_beams)
        lengths = self.now["counts"][:1].expand_as(totals)
        answers = torch.stack([totals, lengths.float(), beams.float()], -1)
        self.now["ended"].scatter_(1, rank[..., None].expand_as(answers), answers)
        n_ended.copy_((n_ended + is_end.sum(1)).clamp_(max=n_beams))

    def _read(self, room: int) -> None:
        """Read the tokens that were chosen."""
        now, w, n_beams = self.now, self.network.decoder.weights, self.boards.n_beams
        tokens, beams = now["last"].unbind(-1)
        place = now["counts"][1:]
        sees = now["sees"].narrow(2, 0, room)
        sees.copy_(sees.gather(1, beams[..., None, None].expand_as(sees)))
        own = torch.eye(n_beams, dtype=torch.bool, device=sees.device)
        sees.index_copy_(2, place, own[None, :, None].expand(len(sees), -1, -1, -1))
        bias = torch.zeros_like(sees, dtype=self.network.dtype).masked_fill_(~sees, -torch.inf).flatten(2)[:, None]
        x = F.embedding(tokens, w["embeddings/weight"]) + w["position_encodings/encodings"].index_select(0, place)
        looks: dict[tuple[int, int], Tensor] = {}
        for layer in range(self.network.decoder.n_layers):
            kept = now["own"][layer].narrow(3, 0, room)
            x = self._layer(x, layer, partial(self._attend_own, kept, place, bias), looks)
        now["hidden"].copy_(self.network.decoder.norm(x, "layer_norm"))
        queries = torch.stack([looks[at] for at in self.network.alignment_heads], 2)
        now["looks"].index_copy_(0, now["counts"][:1], queries[None])
        now["counts"].add_(1)

    def _attend_own(self, kept: Tensor, place: Tensor, bias: Tensor, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        keys, values = kept  # (windows, heads, room, beams, size)
        keys.index_copy_(2, place, k[:, :, None])
        values.index_copy_(2, place, v[:, :, None])
        return F.scaled_dot_product_attention(q, keys.flatten(2, 3), values.flatten(2, 3), attn_mask=bias)

    def _obedient(self, logits: Tensor, first: bool) -> Tensor:
        """Bar what the rules forbid: float32 (windows, beams, vocabulary)."""
        if self.rules.no_repeat and not first:
            logits = logits.masked_fill(self._repeated(), -torch.inf)
        if self.rules.timestamps is None:
            return logits
        stamp, ids = self.rules.timestamps, self.ids
        if first:
            return logits.masked_fill((ids < stamp) | (ids > stamp + self.rules.latest_start), -torch.inf)
        logits = logits.masked_fill(self._untimely(stamp), -torch.inf)
        surer = logits[..., stamp:].logsumexp(-1) > logits[..., :stamp].amax(-1)
        return logits.masked_fill(surer[..., None] & (ids < stamp), -torch.inf)

    def _untimely(self, stamp: int) -> Tensor:
        """Mark the tokens that may not follow: stamps come in pairs, and do not go back."""
        text, ids, count = self.now["text"], self.ids, self.now["counts"][:1]
        at = torch.arange(text.shape[2], device=text.device)
        latest = torch.where((text >= stamp) & (at > 0) & (at <= count), text, -1).amax(-1, keepdim=True)
        last, before = (text.index_select(2, count - back) >= stamp for back in (0, 1))
        lowest = torch.where(last & ~before, latest, latest + 1)
        is_stamp = ids >= stamp
        past, third = is_stamp & (ids < lowest), is_stamp & last & before
        return past | third | ((ids < self.vocabulary.eot) & last & ~before)

    def _repeated(self) -> Tensor:
        """Mark the tokens with which so many in a row would come twice."""
        text, count, size = self.now["text"], self.now["counts"][:1], self.rules.no_repeat
        rows = text.unfold(2, size, 1)
        back = torch.arange(size - 2, -1, -1, device=text.device)
        tail = text.index_select(2, (count - back).clamp_(min=0))
        at = torch.arange(rows.shape[2], device=text.device)
        same = (rows[..., :-1] == tail[:, :, None]).all(-1) & (at > 0) & (at + size - 1 <= count)
        n_tokens = len(self.ids)
        marked = torch.zeros(*text.shape[:2], n_tokens + 1, dtype=torch.bool, device=text.device)
        return marked.scatter_(2, torch.where(same, rows[..., -1], n_tokens), True)[..., :n_tokens]

    def _finish(self, places: Sequence[int], n_steps: int) -> None:
        """Go back from the end of each best answer to its beginning; `places` are those of windows."""
        now, ways = self.now, {}
        told, sums = (now[name].narrow(-3, 0, n_steps).numpy(force=True) for name in ("told", "told_sums"))
        ended, n_ended = now["ended"].tolist(), now["n_ended"].tolist()
        for place in places:
            answers = ended[place][: n_ended[place]] or [
                (float(sums[-1, place, 0]), n_steps, 0)
            ]  # no room for an end
            total, length, beam = max(answers, key=lambda one: one[0] / max(one[1], 1))
            path = []
            for step in reversed(range(int(length))):
                at = (step, place, int(beam))
                path.append((step, int(beam), int(told[0][at]), float(sums[at])))
                beam = told[1][at]
            ways[place] = (total, path[::-1])
        taken = [(step, place, beam) for place, (_, path) in ways.items() for step, beam, *_ in path]
        looks = now["looks"][tuple(torch.tensor(taken, dtype=torch.int64).view(-1, 3).T.to(now["looks"].device))]
        for place, look in zip(ways, torch.split(looks, [len(path) for _, path in ways.values()]), strict=True):
            self._keep(self.windows[place], *ways[place], look)

    def _keep(self, window: int, total: float, path: list[tuple[int, int, int, float]], looks: Tensor) -> None:
        sums = [0.0, *(so_far for *_, so_far in path)]
        self.written[window] = Hypothesis(
            tokens=[token for _, _, token, _ in path],
            logprobs=[after - so_far for so_far, after in pairwise(sums)],
            avg_logprob=total / (len(path) + 1),
            no_speech_prob=self.silence[window],
            queries=torch.cat([self.before[window], looks.transpose(0, 1)], 1),
            keys=self.keys[window],
            language=self.languages[window],
        )


def _recorded(step: Callable[[], None], boards: Boards) -> Any:
    """Record a step as a CUDA graph, without doing it; `None` where that fails: then it is never tried again."""
    graph, stream = torch.cuda.CUDAGraph(), torch.cuda.current_stream()
    boards.pool = boards.pool or torch.cuda.graph_pool_handle()
    try:
        # another thread may be at work on the same GPU: only what this one does is recorded
        with RECORDING, torch.cuda.graph(graph, pool=boards.pool, capture_error_mode="thread_local"):
            step()
    except RuntimeError as error:
        if "out of memory" in str(error).lower() or not is_device_failure(error):
            raise
        torch.cuda.set_stream(stream)  # which torch leaves behind where a recording breaks off
        torch.cuda.synchronize()
        boards.records = False
        return None
    return graph


def _mask(n: int, tokens: Sequence[int], device: torch.device) -> Tensor:
    """Mark some of `n` tokens: bool (n,)."""
    mask = torch.zeros(n, dtype=torch.bool, device=device)
    mask[list(tokens)] = True
    return mask
