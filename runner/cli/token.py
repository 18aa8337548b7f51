"""`runner token`"""

from __future__ import annotations
