"""The supervisor program: `python -I -S supervisor.py PACKAGES…`, control socket on descriptor 0.

PACKAGES are the directories that hold ahocorasick_rs and zstandard: without `site` no installed package is found. They
come last, so that nothing in them hides a module of the standard library.

Only this file is compiled anew at every start, so it is no more than the way to the rest.
"""

import os
import sys

if len(sys.argv) < 2:
    sys.exit("supervisor.py wants the directories in which ahocorasick_rs and zstandard are installed")
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
sys.path += sys.argv[1:]

from runner.execution.program import main  # the lines above make it importable

if __name__ == "__main__":
    sys.exit(main())
