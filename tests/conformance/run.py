"""Autobahn's WebSocket cases against an echo server on the relay's real transport.

Promise: exits 0 only if every selected case ran and none failed; informational and non-strict verdicts are listed.
Place: `cargo xtask test --only conformance` builds the echo server and calls this with its command line.
Limits: the compression cases (12.*, 13.*) are left out, since permessage-deflate is not offered.

    python run.py [--out DIR] [--include CASE]... -- ECHO_COMMAND...

The echo server prints `listening HOST:PORT` on its standard output and runs until its standard input is
closed or it is killed.
"""

import argparse
import asyncio
import collections
import json
import pathlib
import subprocess
import sys
import threading

import kosoku
from kosoku import _report

EXCLUDED = ["12.*", "13.*"]
# kosoku 0.1.0 has 301 cases besides compression; fewer means that the selection, not the server, changed.
CASES_MIN = 301
START_SECONDS_MAX = 30
# The largest cases echo 16 MiB; generous, since the machine may be busy.
RUN_SECONDS_MAX = 600
LABELS_NOTED = ("NON-STRICT", "INFORMATIONAL")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, help="folder for the HTML and JSON report")
    parser.add_argument("--include", action="append", help="only these cases, e.g. 1.1.* (repeatable)")
    parser.add_argument("command", nargs="+", help="the echo server and its arguments")
    return parser.parse_args()


def start(command):
    """Starts the echo server and returns it with the address it printed."""
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    watchdog = threading.Timer(START_SECONDS_MAX, server.kill)
    watchdog.start()
    try:
        for line in server.stdout:
            if line.startswith("listening "):
                return server, line.split()[1]
    finally:
        watchdog.cancel()
    raise SystemExit(f"the echo server ended or stayed silent for {START_SECONDS_MAX} s: {' '.join(command)}")


async def run_cases(address, include):
    """All results, and those that failed."""
    try:
        run = kosoku.run_fuzzingclient(f"ws://{address}", include, EXCLUDED, concurrency=2)
        return await asyncio.wait_for(run, RUN_SECONDS_MAX), []
    except kosoku.FailureError as failure:
        return failure.results, [case for case in failure.results if not case.passed]


def show(results, failed):
    for case in results:
        verdicts = {case.behavior.value, case.behavior_close.value}
        if case in failed:
            print(f"FAILED {case.case_id}: {case.behavior.value}: {case.result} | "
                  f"close {case.behavior_close.value}: {case.result_close}\n    expected: {case.expectation.strip()}")
        elif verdicts.intersection(LABELS_NOTED):
            print(f"noted  {case.case_id}: {case.behavior.value}, close {case.behavior_close.value}: "
                  f"{case.description.strip().splitlines()[0]}")
    counts = collections.Counter(case.behavior.value for case in results)
    print("conformance:", json.dumps(counts, sort_keys=True))


def main():
    args = arguments()
    server, address = start(args.command)
    try:
        results, failed = asyncio.run(run_cases(address, args.include))
        alive = server.poll() is None
    finally:
        server.kill()
        server.wait()
    if args.out and results:
        _report.write_reports(results, str(args.out))
    show(results, failed)
    if failed:
        raise SystemExit(f"{len(failed)} cases failed")
    if not alive:
        raise SystemExit("the echo server ended during the run")
    if not args.include and len(results) < CASES_MIN:
        raise SystemExit(f"only {len(results)} cases ran, at least {CASES_MIN} were expected")
    print(f"{len(results)} conformance cases held, 0 failed")


if __name__ == "__main__":
    sys.exit(main())
