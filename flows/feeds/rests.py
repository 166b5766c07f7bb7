"""Whether what failed is still left alone: an episode, or a feed."""

from __future__ import annotations

from datetime import datetime, timedelta

from transforms.records import Moment


def is_resting(until: Moment | None, noted_at: Moment | None, now: datetime, longest: timedelta) -> bool:
    """Check whether something that failed has to wait; not for a time that a clock which ran ahead wrote down.

    `until` is when its rest ends, `None` where it has none; `noted_at` is when that was written down, `longest`
    how long such a rest can be.
    """
    if until is None or until <= now:
        return False
    ran_ahead = noted_at is not None and noted_at > now
    return not ran_ahead and until - now <= longest
