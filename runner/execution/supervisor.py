"""The supervisor program: `python -I -S supervisor.py`, control socket on descriptor 0.

Only this file is compiled anew at every start, so it is no more than the way to the rest.
"""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

from runner.execution.program import main  # the line above makes it importable

if __name__ == "__main__":
    sys.exit(main())
