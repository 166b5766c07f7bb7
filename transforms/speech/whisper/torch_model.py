"""What faster-whisper asks of CTranslate2's model, answered by our network: for machines without CTranslate2.

Its second pass, its votes on the language and its times of words need no second library then.
Importing this module imports torch: do it inside a function.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import tokenizers
import torch
from torch import Tensor

from transforms.errors import ContentError
from transforms.speech.whisper.beam_search import Hypothesis, Vocabulary
from transforms.speech.whisper.network import Whisper
from transforms.speech.whisper.static_search import Rules, StaticSearch
from transforms.speech.whisper.token_times import token_frames

MULTILINGUAL = 51_865  # tokens, or more


@dataclass(frozen=True, slots=True)
class Generated:
    """What was written about a window: the answers, best first, and the mean log-probability of each."""

    sequences_ids: list[list[int]]
    scores: list[float]
    no_speech_prob: float


@dataclass(frozen=True, slots=True)
class Aligned:
    """When each token of a text begins: (token, frame of 20 ms); and how likely each was."""

    alignments: list[tuple[int, int]]
    text_token_probs: list[float]


class TorchModel:
    """One Whisper model with the interface of `ctranslate2.models.Whisper`, as far as faster-whisper uses it.

    What it calls features are encoded windows, (windows, 1500, dimension).
    """

    def __init__(self, network: Whisper, tokenizer: tokenizers.Tokenizer, languages: Sequence[int]) -> None:
        """Take a network; `languages` are their tokens."""
        self.network, self.search = network, StaticSearch(network)
        self.tokenizer, self.languages = tokenizer, tuple(languages)
        self.is_multilingual = network.n_tokens >= MULTILINGUAL
        self.n_mels = network.encoder.weights["conv1/weight"].shape[1]
        self.compute_type = str(network.dtype).removeprefix("torch.")
        self.device = network.device.type
        sot, self.eot = _token(tokenizer, "<|startoftranscript|>"), _token(tokenizer, "<|endoftext|>")
        self.no_timestamps = _token(tokenizer, "<|notimestamps|>")
        silent = _token(tokenizer, "<|nospeech|>", "<|nocaptions|>")
        blank = tokenizer.encode(" ", add_special_tokens=False).ids
        # for tokens that may be written: what may not is said batch by batch
        self.vocabulary = Vocabulary(sot, self.eot, silent, (), (*blank, self.eot), self.languages)

    def write(
        self, encoded: Tensor, prompt: Sequence[int], barred: Sequence[int], n_beams: int
    ) -> list[Hypothesis]:
        """Write about encoded windows without time stamps."""
        return self.search.write(encoded, prompt, replace(self.vocabulary, barred=tuple(barred)), n_beams)

    def generate(
        self,
        features: Tensor,
        prompts: Sequence[Sequence[int]],
        *,
        beam_size: int = 5,
        suppress_tokens: Sequence[int] = (),
        no_repeat_ngram_size: int = 0,
        max_initial_timestamp_index: int = 50,
        **_: Any,
    ) -> list[Generated]:
        """Write about windows, each behind the same prompt; the rest is as faster-whisper has it, and not read."""
        prompt = list(prompts[0])
        barred = tuple(suppress_tokens)
        rules = Rules(no_repeat=no_repeat_ngram_size)
        if self.no_timestamps not in prompt:
            stamps = self.no_timestamps + 1
            rules = replace(rules, timestamps=stamps, latest_start=max_initial_timestamp_index)
            barred = (*barred, self.no_timestamps)
        vocabulary = replace(self.vocabulary, barred=barred)
        return [
            Generated([one.tokens], [_score(one)], one.no_speech_prob)
            for one in self.search.write(features, prompt, vocabulary, beam_size, rules)
        ]

    @torch.inference_mode()
    def detect_language(self, features: Tensor) -> list[list[tuple[str, float]]]:
        """Return the languages of windows with their probabilities, the likeliest first."""
        with self.network.begin(features) as memory:
            tokens = torch.full((len(features), 1), self.vocabulary.sot, device=features.device)
            hidden, _ = self.network.step(tokens, memory)
        scores = self.network.logits(hidden[:, -1])[:, list(self.languages)]
        names = [str(self.tokenizer.id_to_token(token)) for token in self.languages]
        return [
            sorted(zip(names, window, strict=True), key=lambda one: -one[1])
            for window in torch.softmax(scores, -1).tolist()
        ]

    @torch.inference_mode()
    def align(
        self,
        features: Tensor,
        start_sequence: Sequence[int],
        text_tokens: Sequence[Sequence[int]],
        num_frames: int | Sequence[int],
        **_: Any,
    ) -> list[Aligned]:
        """Find when the tokens of texts begin; `num_frames`, of 10 ms, are those that hold audio."""
        lengths = [num_frames] * len(features) if isinstance(num_frames, int) else num_frames
        return [
            self._align(window[None], list(start_sequence), list(text), n_frames // 2)
            for window, text, n_frames in zip(features, text_tokens, lengths, strict=True)
        ]

    def _align(self, encoded: Tensor, start: list[int], text: list[int], n_frames: int) -> Aligned:
        tokens = torch.tensor([[*start, self.no_timestamps, *text]], device=encoded.device)
        with self.network.begin(encoded) as memory:
            hidden, queries = self.network.step(tokens, memory)
            keys = self.network.keys_of_alignment(memory)
        frames = token_frames(queries[0], keys[0], len(start), n_frames)
        scores = torch.softmax(self.network.logits(hidden[0, len(start) : -1]), -1)
        chosen = scores.gather(1, tokens[0, len(start) + 1 :, None])[:, 0]
        return Aligned(list(enumerate(frames.tolist())), chosen.tolist())


def _token(tokenizer: tokenizers.Tokenizer, *names: str) -> int:
    """Return the token of the first name that is one.

    Raises:
        ContentError: it is no tokenizer of Whisper's.
    """
    for name in names:
        token = tokenizer.token_to_id(name)
        if token is not None:
            return token
    msg = f"its tokenizer.json knows no {names[0]}: it is none of Whisper's"
    raise ContentError(msg)


def _score(one: Hypothesis) -> float:
    """Return the mean over the tokens without the end, which is what CTranslate2 calls a score."""
    return one.avg_logprob * (len(one.tokens) + 1) / max(len(one.tokens), 1)


def load_model(folder: Path, network: Whisper) -> TorchModel:
    """Load what a network needs beside its weights: its tokens."""
    tokenizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
    about = json.loads((folder / "config.json").read_bytes())
    multilingual = network.n_tokens >= MULTILINGUAL
    return TorchModel(network, tokenizer, about.get("lang_ids", ()) if multilingual else ())
