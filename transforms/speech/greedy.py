"""Write down what is said in windows, the likeliest token at a time, with Whisper's network in PyTorch.

Importing this module imports torch: do it inside a function.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from transforms.speech.whisper import LONGEST_TEXT, Whisper, rounded_up

LONGEST_ANSWER = 224  # tokens: half of what Whisper can hold, as its authors have it
COMPACT_BELOW = 0.75  # when fewer of the windows are still written about, go on with those only


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The tokens that mean something to the decoder; `not_first` may not begin an answer: a space, its end."""

    sot: int
    eot: int
    no_speech: int
    barred: tuple[int, ...]
    not_first: tuple[int, ...]


@dataclass(slots=True)
class Written:
    """What was written about one window.

    `tokens` without the prompt and the end, and the logarithm of the probability of each. `queries` are those of
    the heads that align, (heads, tokens, size) from the start of the transcript on, and `keys` what they look at,
    (heads, 1500, size).
    """

    keys: Tensor
    no_speech_prob: float
    tokens: list[int] = field(default_factory=list)
    logprobs: list[float] = field(default_factory=list)
    queries: list[Tensor] = field(default_factory=list)
    is_done: bool = False
    end_logprob: float = 0.0

    @property
    def avg_logprob(self) -> float:
        """The mean over the tokens and the end."""
        return (sum(self.logprobs) + self.end_logprob) / (len(self.tokens) + 1)

    def add(self, token: int, logprob: float, *, is_end: bool) -> None:
        """Take the next token, unless the end was there."""
        if self.is_done:
            return
        if is_end:
            self.is_done, self.end_logprob = True, logprob
        else:
            self.tokens.append(token)
            self.logprobs.append(logprob)


@torch.inference_mode()
def write(network: Whisper, encoded: Tensor, prompt: Sequence[int], vocabulary: Vocabulary) -> list[Written]:
    """Write about encoded windows, (windows, 1500, dimension), each behind the same prompt."""
    memory = network.begin(encoded)
    hidden, queries = network.step(torch.tensor([list(prompt)] * len(encoded), device=encoded.device), memory)
    start = list(prompt).index(vocabulary.sot)
    silence = torch.softmax(network.logits(hidden[:, start]), -1)[:, vocabulary.no_speech].tolist()
    keys = network.keys_of_alignment(memory)
    written = [Written(keys[n], silent, queries=[queries[n, :, start:]]) for n, silent in enumerate(silence)]
    rows = written  # what each row of `memory` is about; some may be at their end
    is_barred = _mask(network.n_tokens, vocabulary.barred, encoded.device)
    is_barred_first = is_barred | _mask(network.n_tokens, vocabulary.not_first, encoded.device)
    for n in range(min(LONGEST_ANSWER, LONGEST_TEXT - len(prompt))):
        logits = network.logits(hidden[:, -1]).masked_fill_(is_barred if n else is_barred_first, -torch.inf)
        best, tokens = logits.max(-1)
        logprobs = best - logits.logsumexp(-1)
        for one, token, logprob in zip(rows, tokens.tolist(), logprobs.tolist(), strict=True):
            one.add(token, logprob, is_end=token == vocabulary.eot)
        going_on = [row for row, one in enumerate(rows) if not one.is_done]
        if not going_on:
            break
        if len(going_on) < COMPACT_BELOW * len(rows):
            memory, tokens = memory.keep(going_on), tokens[going_on]
            rows = [rows[row] for row in going_on]
        hidden, queries = network.step(tokens[:, None], memory)
        for one, query in zip(rows, queries, strict=True):
            if not one.is_done:
                one.queries.append(query)
    return written


@torch.inference_mode()
def reread(
    network: Whisper,
    encoded: Tensor,
    prompt: Sequence[int],
    answers: Sequence[Sequence[int]],
    silence: Sequence[float],
) -> list[Written]:
    """Read what somebody else wrote about windows, all tokens at once, and note what `write` would have noted.

    `silence` is the probability of each window that nobody speaks.
    """
    memory, length = network.begin(encoded), rounded_up(len(prompt) + max(map(len, answers)))
    rows = [[*prompt, *answer, *[0] * (length - len(prompt) - len(answer))] for answer in answers]
    hidden, queries = network.step(torch.tensor(rows, device=encoded.device), memory)
    keys = network.keys_of_alignment(memory)
    read = []
    for n, (answer, silent) in enumerate(zip(answers, silence, strict=True)):
        logits = network.logits(hidden[n])[len(prompt) - 1 :][: len(answer)]
        logprobs = torch.log_softmax(logits, -1).gather(1, torch.tensor(answer, device=encoded.device)[:, None])
        read.append(
            Written(
                keys[n],
                silent,
                tokens=list(answer),
                logprobs=logprobs[:, 0].tolist(),
                queries=[queries[n, :, : len(prompt) + len(answer)]],
                is_done=True,
            )
        )
    return read


def _mask(n: int, tokens: Sequence[int], device: torch.device) -> Tensor:
    mask = torch.zeros(n, dtype=torch.bool, device=device)
    mask[list(tokens)] = True
    return mask
