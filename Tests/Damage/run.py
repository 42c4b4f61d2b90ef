#!/usr/bin/env python3
"""Runs fwlint on damaged twins of every file below some folders, and says which of them it did not survive.

    Tests/Damage/run.py PROGRAM FOLDER... [--cuts 20] [--flips 50] [--seed 1] [--jobs 1] [--keep FOLDER]

Each file is cut off at so many places and gets so many single flipped bytes; each twin is a run of its own of a whole
check with a site given by flags. A twin fails when it dies, takes over 10 s or 300 MB, ends with another exit code
than 0, 1 or 2, or with 2 and not one line that says why. Failures are kept, by name. Exit code 1 when there are any.
"""
import argparse
import concurrent.futures
import os
import random
import signal
import sys
import tempfile
import time

SITE = ["--mode", "gateway", "--unit", "mail1=10.0.10.5,2001:db8:10::5", "--feature", "smtp,admin-cli,dns,ntp",
        "--peer", "administrators=10.1.0.0/24", "--peer", "email-users=10.0.0.0/16", "--peer", "email-servers=any",
        "--peer", "dns-server=10.0.20.53", "--peer", "time-server=10.0.20.123"]
SECONDS = 10
KIBIBYTES = 300 * 1024




def run(program, arguments, folder):
    """Exit code (negative: signal), seconds, peak memory in KiB, standard output and error."""
    paths = [os.path.join(folder, name) for name in ("out", "err")]
    actions = [(os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0)]
    for descriptor, path in enumerate(paths, 1):
        actions.append((os.POSIX_SPAWN_OPEN, descriptor, path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    start = time.monotonic()
    child = os.posix_spawn(program, [program] + arguments, {"NO_COLOR": "1", "SWIFT_BACKTRACE": "enable=no"},
                           file_actions=actions)
    pause = 0.0005
    while True:
        pid, status, usage = os.wait4(child, os.WNOHANG)
        if pid:
            break
        if time.monotonic() - start > SECONDS:
            os.kill(child, signal.SIGKILL)
            _, status, usage = os.wait4(child, 0)
            break
        time.sleep(pause)
        pause = min(pause * 1.3, 0.05)
    seconds = time.monotonic() - start
    code = -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
    texts = []
    for path in paths:
        with open(path, "rb") as file:
            texts.append(file.read())
    return code, seconds, usage.ru_maxrss, texts[0], texts[1]


def twins(data, cuts, flips, chance):
    """The damaged twins of some bytes, with a name each."""
    for _ in range(cuts):
        place = chance.randrange(len(data) + 1)
        yield f"cut{place}", data[:place]
    for _ in range(flips):
        place = chance.randrange(len(data))
        value = data[place] ^ (1 << chance.randrange(8)) if chance.random() < 0.5 else chance.randrange(256)
        yield f"flip{place}-{value:02x}", data[:place] + bytes([value]) + data[place + 1:]


def complaint(code, seconds, memory, output, errors):
    """What is wrong with a run; empty when nothing is."""
    if seconds > SECONDS:
        return f"takes over {SECONDS} s"
    if code not in (0, 1, 2):
        return f"exit code {code}"
    if memory > KIBIBYTES:
        return f"takes {memory // 1024} MB"
    if code == 2 and (not errors.startswith(b"error: ") or errors.count(b"\n") != 1):
        return "fails without one clear line"
    if any(byte < 32 and byte != 10 or byte == 127 for byte in output + errors):
        return "prints a control character"
    return ""


def survey(task):
    program, path, options, seed = task
    with open(path, "rb") as file:
        data = file.read()
    counts = {"runs": 0, "codes": {}, "slowest": 0.0, "largest": 0, "failures": []}
    if not data:
        return counts
    chance = random.Random(f"{seed} {os.path.basename(path)} {len(data)}")
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as folder:
        name = os.path.join(folder, os.path.basename(path))
        position = "attached" if data.lstrip()[:1] in b"{[-A" or path.endswith((".yaml", ".yml", ".json")) else "forward"
        for twin, damaged in twins(data, options.cuts, options.flips, chance):
            with open(name, "wb") as file:
                file.write(damaged)
            result = run(program, ["check", name, "--format", "concise", "--position", position] + SITE, folder)
            counts["runs"] += 1
            counts["codes"][result[0]] = counts["codes"].get(result[0], 0) + 1
            counts["slowest"] = max(counts["slowest"], result[1])
            counts["largest"] = max(counts["largest"], result[2])
            wrong = complaint(*result)
            if wrong:
                kept = os.path.join(options.keep, f"{os.path.basename(path)}.{twin}")
                with open(kept, "wb") as file:
                    file.write(damaged)
                counts["failures"].append(f"{path} {twin}: {wrong} ({result[4][:120]!r}); kept as {kept}")
    return counts


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("folders", nargs="+")
    parser.add_argument("--cuts", type=int, default=20)
    parser.add_argument("--flips", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--keep", default=".build/damage")
    options = parser.parse_args()
    os.makedirs(options.keep, exist_ok=True)
    paths = sorted(os.path.join(folder, name) for top in options.folders for folder, _, names in os.walk(top)
                   for name in names if os.path.isfile(os.path.join(folder, name)))
    total = {"files": 0, "runs": 0, "codes": {}, "slowest": 0.0, "largest": 0, "failures": []}
    started = time.monotonic()
    with concurrent.futures.ProcessPoolExecutor(options.jobs) as pool:
        tasks = [(os.path.abspath(options.program), path, options, options.seed) for path in paths]
        for path, counts in zip(paths, pool.map(survey, tasks, chunksize=4)):
            total["files"] += 1
            total["runs"] += counts["runs"]
            for code, count in counts["codes"].items():
                total["codes"][code] = total["codes"].get(code, 0) + count
            for key in ("slowest", "largest"):
                total[key] = max(total[key], counts[key])
            total["failures"] += counts["failures"]
            for failure in counts["failures"]:
                print(failure, flush=True)
            if total["files"] % 200 == 0:
                print(f"... {total['files']} files, {total['runs']} runs, {time.monotonic() - started:.0f} s",
                      flush=True)
    codes = ", ".join(f"{code}: {count}" for code, count in sorted(total["codes"].items()))
    print(f"{total['files']} files, {total['runs']} runs, {time.monotonic() - started:.0f} s; exit codes {codes}; "
          f"slowest {total['slowest']:.2f} s, largest {total['largest'] // 1024} MB, {len(total['failures'])} failures")
    return 1 if total["failures"] else 0


if __name__ == "__main__":
    sys.exit(main())
