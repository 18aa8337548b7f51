"""The supervisor program: `python -I -S supervisor.py PACKAGES`, control socket on descriptor 0.

PACKAGES is the directory that holds ahocorasick_rs: without `site` no installed package is found. It comes last, so
that nothing in it hides a module of the standard library.

Only this file is compiled anew at every start, so it is no more than the way to the rest.
"""

import os
import sys

if len(sys.argv) != 2:
    sys.exit("supervisor.py wants one argument: the directory in which ahocorasick_rs is installed")
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
sys.path.append(sys.argv[1])

from runner.execution.program import main  # the lines above make it importable

if __name__ == "__main__":
    sys.exit(main())
