"""The formats of those who measure: SegLST, RTTM, STM and CTM."""

from __future__ import annotations

from transforms.errors import ContentError
from warehouse.export.json_style import known, written
from warehouse.export.transcript import ExportTranscript, one_line, timed, without_times


def seglst(transcript: ExportTranscript) -> str:
    """Write SegLST, one segment a turn; an unknown speaker is "", unknown times are left out.

    Spec: https://github.com/fgnt/meeteval#segment-wise-long-form-speech-transcription-annotation-seglst
    """
    return written(
        [
            {
                "session_id": transcript.session_id,
                "speaker": turn.speaker or "",
                **known(start_time=turn.start_time, end_time=turn.end_time),
                "words": turn.text,
            }
            for turn in transcript.turns
        ]
    )


def rttm(transcript: ExportTranscript) -> str:
    """Write RTTM: the diarization with its overlaps, else the turns of known speakers.

    A field holds no space: it becomes `_`.
    Spec: https://web.archive.org/web/20170119114252/http://www.itl.nist.gov/iad/mig/tests/rt/2009/docs/rt09-meeting-eval-plan-v2.pdf

    Raises:
        ContentError: no speaker is known, or a turn has no start.
    """
    segments = transcript.speaker_segments or tuple(
        turn for turn in timed(transcript, "RTTM") if turn.speaker is not None
    )
    if not segments:
        msg = f"no speaker of {transcript.session_id} is known, so there is no RTTM: diarize the episode first"
        raise ContentError(msg)
    session = _field(transcript.session_id)
    return "".join(
        f"SPEAKER {session} 1 {segment.start_time:.3f} {segment.end_time - segment.start_time:.3f} "
        f"<NA> <NA> {_field(segment.speaker)} <NA> <NA>\n"
        for segment in segments
    )


def stm(transcript: ExportTranscript) -> str:
    """Write STM, one line a turn; a field holds no space: it becomes `_`.

    Spec: https://www.nist.gov/system/files/documents/2021/08/03/OpenASR20_EvalPlan_v1_5.pdf

    Raises:
        ContentError: a turn has no start.
    """
    session = _field(transcript.session_id)
    return "".join(
        f"{session} 1 {_field(turn.speaker)} {turn.start_time:.3f} {turn.end_time:.3f} "
        f"{one_line(turn.text)}".rstrip()
        + "\n"
        for turn in timed(transcript, "STM")
    )


def ctm(transcript: ExportTranscript) -> str:
    """Write CTM, one line a word, with its probability; the format has no speakers, and no order but that of time.

    Spec: https://github.com/usnistgov/SCTK/blob/master/doc/infmts.htm

    Raises:
        ContentError: a word has no times.
    """
    bare = sum(not turn.words and bool(one_line(turn.text)) for turn in transcript.turns)
    if bare:
        name = "CTM"
        why = f"the words of {bare} of the {len(transcript.turns)} turns of {transcript.session_id} have none"
        raise without_times(name, why)
    session = _field(transcript.session_id)
    words = [word for turn in transcript.turns for word in turn.words if one_line(word.text)]
    return "".join(
        f"{session} 1 {word.start_time:.3f} {word.end_time - word.start_time:.3f} {_field(word.text)}"
        + (f" {word.probability:.3f}\n" if word.probability is not None else "\n")
        for word in sorted(words, key=lambda word: word.start_time)
    )


def _field(text: str | None) -> str:
    """Make one field: no space, and no quotation mark, at which readers of tables stumble.

    >>> _field('Ann "The Ear" Bell'), _field(None)
    ("Ann_'The_Ear'_Bell", 'unknown')
    """
    return one_line(text or "").replace(" ", "_").replace('"', "'") or "unknown"
