#!/usr/bin/env python3
"""Runs fwlint on damaged twins of every file below some folders, and says which of them it did not survive.

    Tests/Damage/run.py PROGRAM FOLDER... [--cuts 20] [--flips 50] [--seed 1] [--jobs 1] [--keep FOLDER]

Each file is cut off at so many places and gets so many single flipped bytes. The twins of a file are the firewalls of one
site, checked in one run; when that run dies, takes over 10 s or 300 MB, ends with another exit code than 0, 1 or 2,
prints a control character, or fails without a line for each file that it could not use, each twin is checked in a run of
its own, and those that fail alone are kept, by name. Exit code 1 when there are any.
"""
import argparse
import concurrent.futures
import os
import random
import shutil
import signal
import sys
import tempfile
import time

SITE = """policy: fortimail-7.6
mode: gateway
units: [{name: mail1, addresses: [10.0.10.5, "2001:db8:10::5"]}]
features: [smtp, admin-cli, dns, ntp]
peers:
  administrators: [10.1.0.0/24]
  email-users: [10.0.0.0/16]
  email-servers: any
  dns-server: [10.0.20.53]
  time-server: [10.0.20.123]
firewalls:
"""
SECONDS = 10
KIBIBYTES = 300 * 1024




def run(program, arguments, folder, limit=SECONDS):
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
        if time.monotonic() - start > limit:
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
    if code == 2 and not all(line.startswith(b"error: ") for line in errors.splitlines()) or code == 2 and not errors:
        return "fails without a clear line"
    if any(byte < 32 and byte != 10 or byte == 127 for byte in output + errors):
        return "prints a control character"
    return ""


def check(program, names, position, folder, limit=SECONDS):
    """Checks some files of a folder as the firewalls of one site."""
    with open(os.path.join(folder, "fwlint.yaml"), "w") as site:
        site.write(SITE + "".join(f"  - {{path: '{name}', position: {position}}}\n" for name in names))
    return run(program, ["check", "--site", os.path.join(folder, "fwlint.yaml"), "--format", "concise"], folder, limit)


def survey(task):
    program, path, options, seed = task
    with open(path, "rb") as file:
        data = file.read()
    counts = {"twins": 0, "codes": {}, "slowest": 0.0, "largest": 0, "failures": []}
    if not data:
        return counts
    chance = random.Random(f"{seed} {os.path.basename(path)} {len(data)}")
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as folder:
        is_export = path.endswith((".yaml", ".yml", ".json"))
        position = "attached" if is_export else chance.choice(["forward", "host"])
        suffix = "".join(filter(lambda character: character.isalnum() or character == ".", os.path.basename(path)))
        names = {}
        for number, (twin, damaged) in enumerate(twins(data, options.cuts, options.flips, chance)):
            name = f"{number}-{twin}-{suffix}"
            names[name] = twin
            with open(os.path.join(folder, name), "wb") as file:
                file.write(damaged)
        counts["twins"] = len(names)
        result = check(program, names, position, folder, limit=10 * SECONDS)
        counts["codes"][result[0]] = 1
        counts["slowest"], counts["largest"] = result[1], result[2]
        if not complaint(*result):
            return counts
        for name in names:
            result = check(program, [name], position, folder)
            wrong = complaint(*result)
            if wrong:
                shutil.move(os.path.join(folder, name), os.path.join(options.keep, name))
                counts["failures"].append(f"{path} {names[name]}: {wrong} ({result[4][:120]!r}); kept as {name}")
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
    total = {"files": 0, "twins": 0, "codes": {}, "slowest": 0.0, "largest": 0, "failures": []}
    started = time.monotonic()
    with concurrent.futures.ProcessPoolExecutor(options.jobs) as pool:
        tasks = [(os.path.abspath(options.program), path, options, options.seed) for path in paths]
        for path, counts in zip(paths, pool.map(survey, tasks, chunksize=4)):
            total["files"] += 1
            total["twins"] += counts["twins"]
            for code, count in counts["codes"].items():
                total["codes"][code] = total["codes"].get(code, 0) + count
            for key in ("slowest", "largest"):
                total[key] = max(total[key], counts[key])
            total["failures"] += counts["failures"]
            for failure in counts["failures"]:
                print(failure, flush=True)
            if total["files"] % 200 == 0:
                print(f"... {total['files']} files, {total['twins']} twins, {time.monotonic() - started:.0f} s",
                      flush=True)
    codes = ", ".join(f"{code}: {count}" for code, count in sorted(total["codes"].items()))
    print(f"{total['files']} files, {total['twins']} twins, {time.monotonic() - started:.0f} s; runs by exit code {codes}; "
          f"slowest {total['slowest']:.2f} s, largest {total['largest'] // 1024} MB, {len(total['failures'])} failures")
    return 1 if total["failures"] else 0


if __name__ == "__main__":
    sys.exit(main())
