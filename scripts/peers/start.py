"""Seconds from the start of a process to the first line of its script. usage: start.py PERIGEE LUA_SCRIPT

The scripts print the monotonic clock, which all processes share.
"""

import subprocess
import sys
import time

from interactions import report

REPEATS = 15


def seconds_to_first_line(command):
    times = []
    for _ in range(REPEATS):
        began = time.monotonic()
        line = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout
        times.append(float(line) - began)
    return min(times)


if __name__ == "__main__":
    program, script = sys.argv[1:3]
    print(f"perigee start {seconds_to_first_line([program, 'run', script]):.6g} s", flush=True)
    for module in ("implicit", "torch"):
        code = f"import {module}, time; print(time.monotonic())"
        report(f"start.{module}", seconds_to_first_line([sys.executable, "-c", code]), "s")
