#!/usr/bin/env python3
"""Fuzzes every target until it has had so much processor time, and adds up what came of it.

    fuzz/run.py [--seconds N] [TARGET...]

In turns of two minutes, so that all get on alike. Inputs that reach new code, crashes, and the sums
stay below target/fuzz-runs: the next call goes on from there. Prints a row for each target as
README.md has them; fails if there ever was a crash that has not been taken away.
"""

import argparse, json, math, os, pathlib, re, resource, subprocess, sys

FUZZ = pathlib.Path(__file__).resolve().parent
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", FUZZ.parent / "target")).resolve()
PLACE = TARGET / "fuzz-runs"
TURN = 120  # seconds
CARGO_FUZZ = ["cargo", "fuzz"]

LOADED = re.compile(rb"\((\d+) inline 8-bit counters\)")
COVERED = re.compile(rb"cov: (\d+) ")
EXECUTED = re.compile(rb"stat::number_of_executed_units: (\d+)")


def build():
    built = TARGET / "fuzz"
    subprocess.run(
        [*CARGO_FUZZ, "build", "--sanitizer", "none", "--target-dir", built], cwd=FUZZ, check=True
    )
    return next(built.glob("*/release"))


def processor_seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def turn(program, name, seconds):
    """Runs a target for a while: whether it held, its seconds, executions, edges reached and in all."""
    corpus = PLACE / "corpus" / name
    corpus.mkdir(parents=True, exist_ok=True)
    (PLACE / "crashes").mkdir(exist_ok=True)
    before = processor_seconds()
    ran = subprocess.run(
        [program, corpus, FUZZ / "corpus" / name, f"-dict={FUZZ}/dictionary.txt", "-timeout=25",
         f"-max_total_time={seconds}", "-print_final_stats=1",
         f"-artifact_prefix={PLACE}/crashes/{name}-"],
        stderr=subprocess.PIPE,
    )
    last = lambda what: int((what.findall(ran.stderr) or [b"0"])[-1])
    sums = processor_seconds() - before, last(EXECUTED), last(COVERED), last(LOADED)
    return ran.returncode == 0, sums


def main():
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ask.add_argument("--seconds", type=int, default=1800, help="of processor time for each")
    ask.add_argument("targets", nargs="*")
    asked = ask.parse_args()
    targets = subprocess.check_output([*CARGO_FUZZ, "list"], cwd=FUZZ, text=True).split()
    if unknown := set(asked.targets) - set(targets):
        sys.exit(f"no such target: {', '.join(sorted(unknown))}")
    programs, sums = build(), PLACE / "sums.json"
    had = json.loads(sums.read_text()) if sums.exists() else {}

    waiting, broken = asked.targets or targets, set()
    while waiting := [
        name for name in waiting if name not in broken and had.get(name, [0])[0] < asked.seconds
    ]:
        for name in waiting:
            seconds, executions, *_ = had.get(name, [0, 0])
            rest = math.ceil(asked.seconds - seconds)
            held, (spent, executed, reached, edges) = turn(programs / name, name, min(TURN, rest))
            had[name] = [seconds + spent, executions + executed, reached, edges]
            sums.write_text(json.dumps(had, indent=1))
            if not held:
                broken.add(name)

    for name, (seconds, executions, reached, edges) in sorted(had.items()):
        print(f"| `{name}` | {seconds:.0f} | {executions:,} | {reached:,} of {edges:,} |")
    if crashes := sorted(path.name for path in (PLACE / "crashes").glob("*")):
        sys.exit(f"below {PLACE}/crashes: " + ", ".join(crashes))


main()
