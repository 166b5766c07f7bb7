"""faster-whisper's model, with a faster network where the machine has one.

    on CUDA, engine ctranslate2   encoder in PyTorch (float16, fused attention), decoder in CTranslate2
    on CUDA, engine torch         all in PyTorch (float16), steps of the decoder recorded as CUDA graphs
    on a CPU with fast bfloat16   encoder and decoder in PyTorch (bfloat16)
    on any other CPU              all in CTranslate2 (int8)

Everything else, the tokenizer, the guarded sequential mode, how tokens become words, stays faster-whisper's.
Importing this module imports torch: do it inside a function.
"""

from __future__ import annotations

import json
import logging
import statistics
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import ctranslate2
import numpy as np
import torch
from faster_whisper import BatchedInferencePipeline, WhisperModel
from faster_whisper.feature_extractor import FeatureExtractor
from faster_whisper.tokenizer import Tokenizer
from faster_whisper.transcribe import Segment, TranscriptionOptions, Word, get_suppressed_tokens
from numpy.typing import NDArray
from torch import Tensor

from transforms.audio.decoding import SAMPLE_RATE
from transforms.errors import ContentError
from transforms.records import Seconds
from transforms.speech.checks import COMPRESSION_RATIO, LOG_PROBABILITY, NO_SPEECH_PROBABILITY
from transforms.speech.device import Engine, how_many_fit, least_seconds
from transforms.speech.whisper.beam_search import Hypothesis, Vocabulary, write
from transforms.speech.whisper.network import LONGEST_TEXT, Whisper, log_mel
from transforms.speech.whisper.token_times import token_frames
from transforms.speech.whisper.torch_model import TorchModel, load_model

# What `BatchedInferencePipeline.transcribe` makes of its defaults.
OPTIONS = TranscriptionOptions(
    beam_size=5,
    best_of=5,
    patience=1,
    length_penalty=1,
    repetition_penalty=1,
    no_repeat_ngram_size=0,
    log_prob_threshold=LOG_PROBABILITY,
    no_speech_threshold=NO_SPEECH_PROBABILITY,
    compression_ratio_threshold=COMPRESSION_RATIO,
    condition_on_previous_text=False,
    prompt_reset_on_temperature=0.5,
    temperatures=[0.0],
    initial_prompt=None,
    prefix=None,
    suppress_blank=True,
    suppress_tokens=[-1],
    without_timestamps=True,
    max_initial_timestamp=0.0,
    word_timestamps=True,
    prepend_punctuations="\"'“¿([{-",
    append_punctuations="\"'.。,，!！?？:：”)]}、",
    multilingual=False,
    max_new_tokens=None,
    clip_timestamps="0",
    hallucination_silence_threshold=None,
    hotwords=None,
)
N_WORKERS = 2  # batches at a time: on a GPU one is prepared and read while another one is written
N_FRAMES = 3000  # of a spectrogram: what the network takes
PARTS_OF_MEMORY = {"cpu": 4, "cuda": 2}  # of which the decoder takes one: a quarter, a half
UNFUSED = 8  # windows at a time
WORTH = 1.3  # bfloat16 has to be that much faster than float32


class Recognizer(WhisperModel):  # type: ignore[misc] # faster-whisper has no types
    """A Whisper model; `network` is its copy in PyTorch, `None` where CTranslate2 does all the work.

    `is_static` says whether it writes in tensors of fixed shape, as a GPU wants it.
    """

    network: Whisper | None

    def __init__(
        self,
        folder: Path,
        device: str,
        compute_type: str,
        n_threads: int,
        batch_size: int = 8,
        engine: Engine = "ctranslate2",
    ) -> None:
        self.n_workers = N_WORKERS if device == "cuda" else min(N_WORKERS, n_threads)
        self.n_threads, self.batch_size = n_threads, -(-batch_size // self.n_workers)
        if engine == "torch":
            network = require_network(folder, device)
            self._take(load_model(folder, network))
        else:
            super().__init__(
                str(folder),
                device=device,
                compute_type=compute_type,
                cpu_threads=max(n_threads // self.n_workers, 1),
                num_workers=self.n_workers,
            )
            self.network = load_network(folder, device)
        if self.network is not None:
            each = self.n_workers * self.network.bytes_to_write(OPTIONS.beam_size)
            self.batch_size = min(self.batch_size, how_many_fit(device, each, PARTS_OF_MEMORY[device]))
        elif device == "cuda":  # CTranslate2's encoder writes the whole attention to memory
            self.batch_size = min(self.batch_size, UNFUSED)
        self.is_static = engine == "torch" and device == "cuda"
        if self.is_static:  # which has room for powers of two
            self.batch_size = 1 << (self.batch_size.bit_length() - 1)

    def _take(self, model: TorchModel) -> None:
        """Be what faster-whisper's constructor makes of a model of CTranslate2."""
        self.network = model.network
        self.model, self.hf_tokenizer = model, model.tokenizer
        self.logger = logging.getLogger("faster_whisper")
        self.feature_extractor = FeatureExtractor(feature_size=model.n_mels)
        self.feat_kwargs = {"feature_size": model.n_mels}
        self.input_stride, self.time_precision, self.max_length = 2, 0.02, LONGEST_TEXT
        self.num_samples_per_token = self.feature_extractor.hop_length * self.input_stride
        self.frames_per_second = SAMPLE_RATE // self.feature_extractor.hop_length
        self.tokens_per_second = SAMPLE_RATE // self.num_samples_per_token

    @property
    def writes(self) -> bool:
        """Whether the decoder in PyTorch does the work."""
        return self.network is not None and self.network.writes

    @property
    def n_mels(self) -> int:
        """How many bands the spectrograms have: 80, or 128 for large-v3 and turbo."""
        return int(self.model.n_mels)

    @cached_property
    def language_tokens(self) -> dict[int, str]:
        """The languages by their tokens; empty where the model knows but one."""
        if not self.model.is_multilingual:
            return {}
        tokens = {self.hf_tokenizer.token_to_id(f"<|{name}|>"): name for name in self.supported_languages}
        return {token: name for token, name in tokens.items() if token is not None}

    def count_tokens(self, text: str) -> int:
        """Count the tokens of a text."""
        return len(self.hf_tokenizer.encode(text).ids)

    def batches(self) -> Batched:
        """Return what decodes batches with this model."""
        return Batched(self)

    def describe(self) -> str:
        """Say in a line what does the work."""
        if isinstance(self.model, TorchModel):
            return f"all in PyTorch ({self.model.compute_type})"
        rest = f"CTranslate2 ({self.model.compute_type})"
        if self.network is None:
            return rest
        part = "encoder and decoder" if self.writes else "encoder"
        return f"{part} in PyTorch ({str(self.network.dtype).removeprefix('torch.')}), the rest in {rest}"

    def encode(self, features: NDArray[np.float32] | Tensor) -> ctranslate2.StorageView | Tensor:
        """Encode features to what the model's decoder looks at.

        Args:
            features: log-mel float32, (windows, mels, frames) or (mels, frames); or what `encode_windows` gave.
        """
        if isinstance(self.model, TorchModel):
            return features if isinstance(features, Tensor) else self.model.network.encode(_batch(features))
        if isinstance(features, Tensor):
            return stored(features)
        if self.network is None or features.shape[-1] != N_FRAMES:
            return super().encode(features)
        return stored(self.encode_windows(_batch(features)))

    def encode_clips(self, clips: Sequence[NDArray[np.float32]]) -> Tensor:
        """Encode audio of at most 30 s, float32 mono 16 kHz each, into (windows, 1500, dimension)."""
        device = self.network.device.type if self.network else "cpu"
        return self.encode_windows(log_mel(clips, self.n_mels, device))

    def encode_windows(self, features: NDArray[np.float32] | Tensor) -> Tensor:
        """Encode log-mel windows, float32 (windows, mels, 3000), into (windows, 1500, dimension)."""
        if self.network is None:
            encoded = super().encode(np.asarray(features))
            return torch.from_numpy(np.array(encoded.to_device(ctranslate2.Device.cpu)))
        return self.network.encode(features)

    def languages(self, encoded: Tensor) -> list[dict[str, float]]:
        """Return how likely each language is spoken in encoded windows, (windows, 1500, dimension)."""
        found = self.model.detect_language(self.encode(encoded))
        return [{token[2:-2]: probability for token, probability in window} for window in found]

    def find_alignment(
        self,
        tokenizer: Tokenizer,
        text_tokens: Sequence[Sequence[int]],
        encoder_output: Any,
        num_frames: Any,
        median_filter_width: int = 7,
    ) -> list[list[dict[str, Any]]]:
        """Find when each word of windows is said; of those that our decoder wrote, it knows where that looked."""
        if not isinstance(encoder_output, list):
            found: list[list[dict[str, Any]]] = super().find_alignment(
                tokenizer, text_tokens, encoder_output, num_frames, median_filter_width
            )
            return found
        return [
            self._words(tokenizer, one, n_frames) for one, n_frames in zip(encoder_output, num_frames, strict=True)
        ]

    def _words(self, tokenizer: Tokenizer, written: Hypothesis, n_frames: int) -> list[dict[str, Any]]:
        queries = written.queries
        n_before = queries.shape[1] - len(written.tokens)  # of the prompt
        text = [n for n, token in enumerate(written.tokens) if token < tokenizer.eot]
        if not text:
            return []
        chosen = [*range(n_before), *(n_before + n for n in text)]
        frames = token_frames(queries[:, chosen], written.keys, n_before - 1, n_frames // 2)
        times = frames / self.tokens_per_second
        tokens = [written.tokens[n] for n in text]
        logprobs = [written.logprobs[n] for n in text]
        words, at = [], 0
        for word, of_word in zip(*tokenizer.split_to_word_tokens([*tokens, tokenizer.eot]), strict=True):
            last = at + len(of_word)
            if last <= len(tokens):
                probability = statistics.fmean(np.exp(logprobs[at:last]))
                words.append(
                    {
                        "word": word,
                        "tokens": of_word,
                        "start": times[at],
                        "end": times[last],
                        "probability": probability,
                    }
                )
            at = last
        return words


def load_network(folder: Path, device: str) -> Whisper | None:
    """Load the network in PyTorch, where that is faster than CTranslate2 and can read the weights.

    CTranslate2 writes on a GPU: there only the shapes of the decoder are of use.
    """
    if device != "cuda" and not has_fast_bfloat16():
        return None
    dtype = torch.float16 if device == "cuda" else torch.bfloat16
    try:
        return Whisper(folder, _heads(folder), dtype, torch.device(device), writes=device != "cuda")
    except ContentError:  # a layout that CTranslate2 knows and we do not
        return None


def require_network(folder: Path, device: str) -> Whisper:
    """Load the network in PyTorch, which is to do all the work.

    Raises:
        ContentError: it cannot read the weights.
    """
    fast = torch.float16 if device == "cuda" else torch.bfloat16
    dtype = fast if device == "cuda" or has_fast_bfloat16() else torch.float32
    return Whisper(folder, _heads(folder), dtype, torch.device(device))


def _heads(folder: Path) -> list[tuple[int, int]] | None:
    found: list[tuple[int, int]] | None = json.loads((folder / "config.json").read_bytes()).get("alignment_heads")
    return found


def _batch(features: NDArray[np.float32]) -> NDArray[np.float32]:
    return features if features.ndim == 3 else features[None]


def stored(encoded: Tensor) -> ctranslate2.StorageView:
    """Hand an encoder's output over to CTranslate2, on a GPU without a copy."""
    if encoded.device.type == "cuda":
        torch.cuda.synchronize()  # CTranslate2 works on streams of its own
        return ctranslate2.StorageView.from_array(encoded.contiguous())
    return ctranslate2.StorageView.from_array(encoded.float().numpy())


class Batched(BatchedInferencePipeline):  # type: ignore[misc] # faster-whisper has no types
    """faster-whisper's batches on a `Recognizer`; `forward` takes windows of any episodes."""

    model: Recognizer
    spoken: Sequence[tuple[str, float] | None] = ()  # the likeliest language of each window of the last batch

    def decode(
        self,
        encoded: Tensor,
        lengths: Sequence[Seconds],
        language: str,
        hint: str | None,
        beam_size: int,
        *,
        stamped: bool = False,
    ) -> list[list[Any]]:
        """Decode encoded windows, (windows, 1500, dimension): faster-whisper's segments of each.

        `lengths` says how much of each window is audio; times count from the start of the window. Whisper writes
        time stamps too if `stamped`: that is slower, and loses fewer words where people talk at once.
        """
        multilingual = self.model.model.is_multilingual
        tokenizer = Tokenizer(self.model.hf_tokenizer, multilingual, task="transcribe", language=language)
        barred = get_suppressed_tokens(tokenizer, [-1])
        options = replace(
            OPTIONS,
            beam_size=beam_size,
            hotwords=hint,
            suppress_tokens=list(barred),
            without_timestamps=not stamped,
        )
        self.last_speech_timestamp = 0.0
        windows = [{"offset": 0.0, "duration": length} for length in lengths]
        found = [list(map(_segment, heard)) for heard in self.forward(encoded, tokenizer, windows, options)]
        if not self.spoken:
            self.spoken = self._spoken(encoded)
        return found

    def _spoken(self, encoded: Tensor) -> list[tuple[str, float] | None]:
        """Ask CTranslate2 for the languages."""
        if not self.model.model.is_multilingual:
            return [None] * len(encoded)
        return [max(window.items(), key=lambda one: one[1]) for window in self.model.languages(encoded)]

    def generate_segment_batched(self, features: Tensor, tokenizer: Tokenizer, options: Any) -> Any:
        """Write about encoded windows: what `find_alignment` needs, and tokens and checks of each."""
        network = self.model.network
        if network is None or not self.model.writes or not options.without_timestamps:
            return super().generate_segment_batched(features, tokenizer, options)
        prompt = self.model.get_prompt(tokenizer, [], without_timestamps=True, hotwords=options.hotwords)
        vocabulary = Vocabulary(
            sot=tokenizer.sot,
            eot=tokenizer.eot,
            no_speech=tokenizer.no_speech,
            barred=tuple(options.suppress_tokens),
            not_first=(*tokenizer.encode(" "), tokenizer.eot),
            languages=tuple(self.model.language_tokens),
        )
        if self.model.is_static:
            written = self.model.model.write(features, prompt, vocabulary.barred, options.beam_size)
        else:
            written = write(network, features, prompt, vocabulary, options.beam_size)
        names = self.model.language_tokens
        self.spoken = [one.language and (names[one.language[0]], one.language[1]) for one in written]
        return written, [
            {"tokens": one.tokens, "avg_logprob": one.avg_logprob, "no_speech_prob": one.no_speech_prob}
            for one in written
        ]


def _segment(found: dict[str, Any]) -> Segment:
    return Segment(**{**found, "id": 0, "temperature": 0.0, "words": [Word(**word) for word in found["words"]]})


@cache
def has_fast_bfloat16() -> bool:
    """Measure, once per process and in some tenths of a second, whether bfloat16 pays on this processor.

    By the time of the processor: by the clock, a busy machine would choose otherwise than an idle one, and write
    other words.
    """
    times = {dtype: _seconds_of_product(dtype) for dtype in (torch.float32, torch.bfloat16)}
    return times[torch.float32] > WORTH * times[torch.bfloat16]


def _seconds_of_product(dtype: torch.dtype) -> float:
    one, other = torch.ones(1500, 512, dtype=dtype), torch.ones(512, 1024, dtype=dtype)
    return least_seconds(lambda: one @ other, times=3, clock=time.thread_time)
