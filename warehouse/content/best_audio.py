"""The audio that the best transcript of an episode is of: its own, else that of the one whose clock it has."""

from __future__ import annotations

# `e` is the episode, `b` its best transcript, `r` the rendition; what is not known leaves them null.
RENDITION_ID = "coalesce(o.rendition_id, b.rendition_id)"
JOINS = f"""
    left join transcripts b on b.episode_id = e.episode_id and b.is_best
    left join transcripts o on o.transcript_id = b.aligned_to
    left join renditions r on r.episode_id = e.episode_id and r.rendition_id = {RENDITION_ID}
"""
