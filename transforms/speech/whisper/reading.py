"""A recogniser reads a text along with the audio: when each word of it is said, and how likely it is.

The decoder is given the words instead of writing its own (teacher forcing), and where its heads look says when
each is said, as for the words that it writes itself (`token_times`). Clips share the half minute that Whisper
looks at.
Importing this module imports torch: do it inside a function.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from faster_whisper.tokenizer import Tokenizer
from numpy.typing import NDArray

from transforms.alignment.ends import until_quiet
from transforms.alignment.forcing import Clip, ReadWord
from transforms.audio.decoding import SAMPLE_RATE, as_float32
from transforms.records import Seconds, Word
from transforms.speech.whisper.network import N_SAMPLES
from transforms.speech.whisper.recognizer import N_FRAMES, Recognizer

PAD: Seconds = 0.15  # on both sides of a clip
REST: Seconds = 0.2  # of silence behind it
MOST_TOKENS = 400  # of the 448 that Whisper can hold
LEAST_PROBABILITY = 1e-9

_WORD = re.compile(r"\w(?:.*\w)?", re.DOTALL)
_SPOKEN_MARKS = re.compile(r"[.,?!:;]")
_APOSTROPHES = str.maketrans("’‘ʼ", "'''")

_Tokens = tuple[list[int], list[int]]  # of a word, and of the mark behind it


def read_along(
    clips: Sequence[Clip], samples: NDArray[Any], recognizer: Recognizer, language: str
) -> list[list[ReadWord | None]]:
    """Find the words of clips in their audio; `None` for a mark, and for all of a clip that is too long.

    `samples` are int16 mono, 16 kHz, of the whole recording; `language` is an ISO 639-1 code.
    """
    is_multilingual = recognizer.model.is_multilingual
    tokenizer = Tokenizer(recognizer.hf_tokenizer, is_multilingual, task="transcribe", language=language)
    tokens = [[_tokens(word, tokenizer) for word in clip.words] for clip in clips]
    found: list[list[ReadWord | None]] = [[None] * len(clip.words) for clip in clips]
    for window in _windows(clips, tokens):
        parts = [(clips[n], tokens[n]) for n in window]
        for n, words in zip(window, _read(parts, samples, recognizer, tokenizer), strict=True):
            found[n] = words
    return found


def _tokens(word: str, tokenizer: Tokenizer) -> _Tokens:
    """Write a word as Whisper does, without the marks that it would not write."""
    said = _WORD.search(word.translate(_APOSTROPHES))
    if said is None:
        return [], []
    mark = _SPOKEN_MARKS.match(word[said.end() :])
    return tokenizer.encode(f" {said[0]}"), tokenizer.encode(mark[0]) if mark else []


def _windows(clips: Sequence[Clip], tokens: Sequence[Sequence[_Tokens]]) -> Iterator[list[int]]:
    """Yield the numbers of clips that are read together."""
    window: list[int] = []
    samples = n_tokens = 0
    for number, clip in enumerate(clips):
        more = int((clip.seconds + 2 * PAD + REST) * SAMPLE_RATE)
        more_tokens = sum(len(word) + len(mark) for word, mark in tokens[number])
        if more > N_SAMPLES or not 0 < more_tokens <= MOST_TOKENS:
            continue
        if window and (samples + more > N_SAMPLES or n_tokens + more_tokens > MOST_TOKENS):
            yield window
            window, samples, n_tokens = [], 0, 0
        window.append(number)
        samples, n_tokens = samples + more, n_tokens + more_tokens
    if window:
        yield window


def _read(
    parts: Sequence[tuple[Clip, Sequence[_Tokens]]],
    samples: NDArray[Any],
    recognizer: Recognizer,
    tokenizer: Tokenizer,
) -> Iterator[list[ReadWord | None]]:
    """Yield the words of the clips of one window."""
    audio, offsets = _joined([clip for clip, _ in parts], samples)
    text = [token for _, words in parts for word, mark in words for token in (*word, *mark)]
    encoded = recognizer.encode(recognizer.encode_clips([audio]))
    n_frames = min(len(audio) * 100 // SAMPLE_RATE, N_FRAMES)
    (found,) = recognizer.model.align(encoded, tokenizer.sot_sequence, [text], [n_frames])
    begins = dict(reversed([(token, frame / recognizer.tokens_per_second) for token, frame in found.alignments]))
    logprobs = np.log(np.maximum(found.text_token_probs, LEAST_PROBABILITY)).tolist()
    at = 0
    for (_, words), offset in zip(parts, offsets, strict=True):
        read: list[ReadWord | None] = []
        for word, mark in words:
            last = at + len(word)
            times = begins[at] + offset, begins[last] + offset
            read.append(ReadWord(*times, tuple(logprobs[at:last])) if word else None)
            at = last + len(mark)
        yield _ended(read, samples)


def _joined(clips: Sequence[Clip], samples: NDArray[Any]) -> tuple[NDArray[np.float32], list[Seconds]]:
    """Put the audio of clips one behind the other; and what is added to a time there for that in the recording."""
    pieces, offsets, length = [], [], 0
    for clip in clips:
        first = max(0, int((clip.start_time - PAD) * SAMPLE_RATE))
        piece = as_float32(samples[first : int((clip.end_time + PAD) * SAMPLE_RATE)])
        pieces += [piece, np.zeros(int(REST * SAMPLE_RATE), np.float32)]
        offsets.append((first - length) / SAMPLE_RATE)
        length += len(piece) + len(pieces[-1])
    return np.concatenate(pieces), offsets


def _ended(read: Sequence[ReadWord | None], samples: NDArray[Any]) -> list[ReadWord | None]:
    """Let words end where their sound does, as those that were heard."""
    said = [Word("", one.start_time, one.end_time, None, None, None) for one in read if one]
    ends = (word.end_time or 0.0 for word in until_quiet(said, samples))
    return [replace(one, end_time=next(ends)) if one else None for one in read]
