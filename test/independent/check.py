"""
The independent checker, written from docs/ alone (Python 3.9 or later, standard library only):

    python3 test/independent/check.py vectors
    python3 test/independent/check.py job FILE                  a job with its files, as in test/vectors/update.json
    python3 test/independent/check.py job --api URL,URL… ID     the same, fetched from nodes: each has some of the files
    python3 test/independent/check.py model FOLDER HEIGHT:HASH  a model with its certificate, and a block that is trusted
"""
import sys
import time

import certificate
import replay
import vectors


def main(arguments):
    if arguments == ["vectors"]:
        started = time.monotonic()
        for name in vectors.check_all():
            print(f"ok: {name} ({time.monotonic() - started:.1f} s)", flush=True)
    elif arguments[:1] == ["job"] and len(arguments) in (2, 4):
        is_file = len(arguments) == 2
        count = replay.replay_file(arguments[1]) if is_file else replay.replay_from(arguments[2].split(","), arguments[3])
        print(f"ok: {count} updates replayed to the committed bits, and every merge with its metrics")
    elif arguments[:1] == ["model"] and len(arguments) == 3:
        height, hash_ = arguments[2].split(":")
        job = certificate.check_model(arguments[1], int(height), bytes.fromhex(hash_))
        print(f"ok: the model of job {job['id'].hex()}, accuracy {job['progress'][1]['metrics']['accuracy'] / 10**4} %")
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
