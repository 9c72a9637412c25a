#!/usr/bin/python3
"""Runs crash.py with the newest programs that were built in this checkout.

usage: python3 tests/crash [--rounds N] [--seed S] [--power-cut] [--lying-disk]

The environment's WIREFOLDD_BINARY and WF_POWER_CUT_LIBRARY name others.
"""

import glob
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))


def newest(pattern):
    found = glob.glob(os.path.join(ROOT, "build", "*", pattern)) + glob.glob(os.path.join(ROOT, "build", pattern))
    if not found:
        sys.exit("tests/crash: no %s under build/: cmake --preset release && cmake --build --preset release" %
                 os.path.basename(pattern))
    return max(found, key=os.path.getmtime)


if __name__ == "__main__":
    if "--help" not in sys.argv and "-h" not in sys.argv:
        if "WIREFOLDD_BINARY" not in os.environ:
            os.environ["WIREFOLDD_BINARY"] = newest("daemon/wirefoldd")
        if "WF_POWER_CUT_LIBRARY" not in os.environ and {"--power-cut", "--lying-disk"} & set(sys.argv):
            os.environ["WF_POWER_CUT_LIBRARY"] = newest("tests/crash/libpower_cut.so")
    # The system's Python has the system's python3-msgpack.
    python = "/usr/bin/python3" if os.path.exists("/usr/bin/python3") else sys.executable
    os.execv(python, [python, os.path.join(HERE, "crash.py")] + sys.argv[1:])
