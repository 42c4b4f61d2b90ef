"""Makes a wheel that carries the static program: wheel.py PROGRAM VERSION FOLDER. Python's standard library only.

The layout is that of the binary distribution format (PyPA specifications): what lies in NAME.data/scripts is put beside
the interpreter, executable. The program is static, and so one wheel serves every Linux of its architecture.
"""

import base64
import hashlib
import os
import platform
import sys
import zipfile
from pathlib import Path

SUMMARY = "Checks firewall configurations against what FortiMail needs"


def tag() -> str:
    machine = platform.machine()
    return f"py3-none-manylinux_2_17_{machine}.manylinux2014_{machine}.musllinux_1_1_{machine}"


def metadata(version: str) -> str:
    readme = Path(__file__).parent.parent.joinpath("README.md").read_text(encoding="utf-8")
    lines = [
        "Metadata-Version: 2.1",
        "Name: fwlint",
        f"Version: {version}",
        f"Summary: {SUMMARY}",
        "Requires-Python: >=3.7",
        "Classifier: Environment :: Console",
        "Classifier: Operating System :: POSIX :: Linux",
        "Classifier: Topic :: System :: Networking :: Firewalls",
        "Description-Content-Type: text/markdown",
        "",
        readme,
    ]
    return "\n".join(lines)


def main(program: str, version: str, folder: str) -> None:
    wheel = f"Wheel-Version: 1.0\nGenerator: fwlint {version}\nRoot-Is-Purelib: false\n"
    wheel += "".join(f"Tag: py3-none-{part}\n" for part in tag().removeprefix("py3-none-").split("."))
    info = f"fwlint-{version}.dist-info"
    files = [
        (f"fwlint-{version}.data/scripts/fwlint", Path(program).read_bytes(), 0o755),
        (f"{info}/METADATA", metadata(version).encode(), 0o644),
        (f"{info}/WHEEL", wheel.encode(), 0o644),
    ]
    records = []
    for name, data, _ in files:
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        records.append(f"{name},sha256={digest},{len(data)}\n")
    records.append(f"{info}/RECORD,,\n")
    files.append((f"{info}/RECORD", "".join(records).encode(), 0o644))
    path = os.path.join(folder, f"fwlint-{version}-{tag()}.whl")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, data, mode in files:
            # A fixed date: equal programs give equal wheels.
            entry = zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0))
            entry.external_attr = (0o100000 | mode) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)
    print(path)


if __name__ == "__main__":
    main(*sys.argv[1:])
