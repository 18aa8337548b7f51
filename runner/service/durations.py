"""Durations as people write them."""

from __future__ import annotations

import re
from datetime import timedelta


def parse_duration(text: str) -> timedelta | None:
    """`30s`, `10m`, `24h`, `7d`, `1h30m`, `0.5s`; None where it is none."""
    parts = re.fullmatch(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d{1,6})?)s)?", text.strip(), re.ASCII)
    if parts is None or not any(parts.groups()):
        return None
    days, hours, minutes, seconds = parts.groups("0")
    try:
        whole = timedelta(days=int(days), hours=int(hours), minutes=int(minutes))
        return whole + timedelta(microseconds=round(float(seconds) * 1_000_000))
    except OverflowError:
        return None
