"""What Podcasting 2.0 has for an episode: its transcript and its chapters, as JSON."""

from __future__ import annotations

from transforms.errors import ContentError
from warehouse.export.json_style import known, written
from warehouse.export.transcript import NOBODY, ExportTranscript


def podcast_json(transcript: ExportTranscript) -> str:
    """Write the JSON transcript, one segment a turn; what is unknown is left out.

    But an unknown speaker behind a known one is `Unknown`: without it, some readers go on with the known one.
    Spec: https://github.com/Podcastindex-org/podcast-namespace/blob/main/docs/examples/transcripts/transcripts.md
    """
    before = [None, *(turn.speaker for turn in transcript.turns)]
    segments = [
        {
            **known(
                speaker=turn.speaker or (NOBODY if last else None),
                startTime=turn.start_time,
                endTime=turn.end_time,
            ),
            "body": turn.text,
        }
        for last, turn in zip(before, transcript.turns, strict=False)
    ]
    return written({"version": "1.0.0", "segments": segments})


def chapters(transcript: ExportTranscript) -> str:
    """Write the JSON chapters; of those whose start nobody gave, none is invented: they are left out.

    Spec: https://github.com/Podcastindex-org/podcast-namespace/blob/main/docs/examples/chapters/jsonChapters.md

    Raises:
        ContentError: there is none with a time.
    """
    timed = [chapter for chapter in transcript.chapters if chapter.start_time is not None]
    if not timed:
        msg = f"{transcript.session_id} has no chapters with times: `turntable sql 'from chapters'` lists them"
        raise ContentError(msg)
    return written(
        {
            "version": "1.2.0",
            **known(title=transcript.title, podcastName=transcript.show),
            "chapters": [
                known(startTime=chapter.start_time, endTime=chapter.end_time, title=chapter.title)
                for chapter in sorted(timed, key=lambda chapter: chapter.start_time or 0)
            ],
        }
    )
