"""What a program under `python -I -S` needs on its path to write a log, as a supervisor does."""

from pathlib import Path

import ahocorasick_rs

PLACES = f"{Path(__file__).parents[2]}:{Path(ahocorasick_rs.__file__).parents[1]}"
