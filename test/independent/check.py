"""
The independent checker, written from docs/ alone (Python 3.9 or later, standard library only):

    python3 test/independent/check.py vectors
    python3 test/independent/check.py job FILE            a job with its files, as in test/vectors/update.json
    python3 test/independent/check.py job --api URL ID    the same, fetched from any node
"""
import sys
import time

import replay
import vectors


def main(arguments):
    if arguments == ["vectors"]:
        for name, check in vectors.CHECKS.items():
            started = time.monotonic()
            check()
            print(f"ok: {name} ({time.monotonic() - started:.1f} s)", flush=True)
    elif len(arguments) == 2 and arguments[0] == "job":
        print(f"ok: {vectors.replay_file(arguments[1])} updates replayed to the committed bits, and every merge")
    elif len(arguments) == 4 and arguments[:2] == ["job", "--api"]:
        print(f"ok: {replay.replay_from(*arguments[2:])} updates replayed to the committed bits, and every merge")
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
