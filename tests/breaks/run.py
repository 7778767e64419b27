#!/usr/bin/env python3
"""Shows that the tests can fail: each patch here breaks the code, and the test it names goes red.

    tests/breaks/run.py [--minutes N] [NAME...]

A patch begins with what it breaks, a blank line and `Red: PACKAGE TARGET TEST`, where TARGET is an
integration test, `lib`, `bins`, or `doc` for the examples in the file that TEST names. Each is applied
to a copy of the work tree below target/ci/breaks, which has a target directory of its own; the work
tree stays as it is. When the minutes are over, the rest is not reached: each day begins with another
break. Where none was reached the exit code is 75.
"""

import argparse, datetime, os, pathlib, re, shutil, signal, subprocess, sys, time
from typing import NamedTuple

BREAKS = pathlib.Path(__file__).resolve().parent
ROOT = BREAKS.parent.parent
PLACE = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).resolve() / "ci/breaks"
TREE = PLACE / "tree"
# Only what a patch has touched is compiled again, and without what a debugger wants, which is most of
# the disk; git must not take the copy for a part of the tree.
SETTINGS = os.environ | {
    "CARGO_TARGET_DIR": str(PLACE / "target"),
    "CARGO_INCREMENTAL": "1",
    "CARGO_PROFILE_DEV_DEBUG": "none",
    "CARGO_TERM_COLOR": "never",
    "GIT_CEILING_DIRECTORIES": str(PLACE),
    "INSTA_UPDATE": "no",
    "RUST_BACKTRACE": "0",
}
LONGEST_TEST = 120  # seconds
LONGEST_BUILD = 1200
NOT_RUN = 75  # as CI has it

NAMED = re.compile(r"^Red: (\S+) (\S+) (\S+)$", re.M)
TOUCHED = re.compile(r"^\+\+\+ b/(\S+)$", re.M)
RAN = re.compile(r"^test (\S+)(?: - .*)? \.\.\. (ok|FAILED)$", re.M)


class Break(NamedTuple):
    """In the order in which the fewest crates are compiled."""

    touched: str
    package: str
    target: str
    test: str
    name: str

    def where(self):
        target = [f"--{self.target}"] if self.target in ("lib", "bins", "doc") else ["--test", self.target]
        return ["-p", self.package, *target]


def read(patch):
    text = patch.read_text()
    named, touched = NAMED.findall(text), TOUCHED.findall(text)
    if len(named) != 1 or len(touched) != 1 or text.count("\n@@ ") != 1:
        sys.exit(f"{patch.name}: a break is one hunk and names one test")
    return Break(touched[0], *named[0], patch.stem)


def mirror():
    """Makes the copy equal to the work tree; a file that is equal keeps its age."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout.decode()
    names = {name for name in names.split("\0") if name and (ROOT / name).is_file()}
    for path in list(TREE.rglob("*")):
        if path.is_file() and str(path.relative_to(TREE)) not in names:
            path.unlink()
    for name in names:
        content, copy = (ROOT / name).read_bytes(), TREE / name
        if not copy.is_file() or copy.read_bytes() != content:
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(content)
            shutil.copymode(ROOT / name, copy)


def run(command, seconds):
    """The exit code, or none for what had to be ended with all that it started; and the output."""
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    process = subprocess.Popen(command, cwd=TREE, env=SETTINGS, start_new_session=True, text=True, **pipes)
    try:
        return process.communicate(timeout=seconds)[0], process.returncode
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        return process.communicate()[0], None


def cargo_test(where, tests):
    """What became of tests: a verdict, or the build's complaint."""
    is_doc = "--doc" in where
    cargo = ["cargo", "test", "--locked", "--quiet", *where]
    # The examples of a library are compiled when they are run.
    said, code = run([*(cargo[:-1] if is_doc else cargo), "--no-run"], LONGEST_BUILD)
    if code != 0:
        return {}, "does not compile", said
    cargo.remove("--quiet")
    said, code = run([*cargo, "--", *([] if is_doc else ["--exact"]), *tests], LONGEST_TEST)
    # One example of a file that fails is enough.
    verdicts = dict(sorted(RAN.findall(said), key=lambda ran: ran[1], reverse=True))
    return verdicts, "hangs" if code is None else "no such test", said


def apply(name, *options):
    return run(["git", "apply", *options, str(BREAKS / f"{name}.patch")], 10)[1] == 0


def try_break(it):
    """The verdict, `red` if the test noticed, and what was said."""
    if not apply(it.name):
        return "does not apply", ""
    try:
        verdicts, otherwise, said = cargo_test(it.where(), [it.test])
    finally:
        apply(it.name, "--reverse")
    return {"FAILED": "red", "ok": "STAYS GREEN"}.get(verdicts.get(it.test), otherwise), said


def not_green(breaks):
    """The named tests that are not green although nothing is broken."""
    for where in sorted({tuple(it.where()) for it in breaks}):
        tests = sorted({it.test for it in breaks if tuple(it.where()) == where})
        verdicts, otherwise, said = cargo_test(where, tests)
        wrong = [test for test in tests if verdicts.get(test) != "ok"]
        if wrong:
            yield f"{' '.join(where)} {' '.join(wrong)}: {otherwise}\n{said[-4000:]}"


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--minutes", type=float, default=float("inf"))
    options.add_argument("names", nargs="*")
    options = options.parse_args()
    ends = time.monotonic() + 60 * options.minutes
    breaks = sorted(map(read, BREAKS.glob("*.patch")))
    if unknown := set(options.names) - {it.name for it in breaks}:
        sys.exit(f"there is no break of this name: {', '.join(sorted(unknown))}")
    if options.names:
        breaks = [it for it in breaks if it.name in options.names]
    first = datetime.date.today().toordinal() * 11 % len(breaks) if ends < float("inf") else 0
    breaks = breaks[first:] + breaks[:first]

    TREE.mkdir(parents=True, exist_ok=True)
    mirror()
    start, failed = time.monotonic(), list(not_green(breaks))
    print(f"{time.monotonic() - start:5.0f}s  the named tests without a break", flush=True)
    if failed:
        sys.exit("not green without a break:\n" + "\n".join(failed))
    tried = 0
    for it in breaks:
        start = time.monotonic()
        if start >= ends:
            print(f"       not reached      {it.name}")
            continue
        tried += 1
        verdict, said = try_break(it)
        print(f"{time.monotonic() - start:5.0f}s  {verdict:16} {it.name}  ({it.package} {it.target} {it.test})", flush=True)
        if verdict != "red":
            failed.append(it.name)
            print(said[-4000:])
    print(f"{tried} of {len(breaks)} breaks tried, {len(failed)} of them not noticed{': ' if failed else ''}{', '.join(failed)}")
    sys.exit(bool(failed) if tried else NOT_RUN)


if __name__ == "__main__":
    main()
