"""Writes the manual page from what the program says of its own command line: manual.py PROGRAM VERSION > fwlint.1"""

import json
import subprocess
import sys


def escape(text: str) -> str:
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\n".join("\\&" + line if line[:1] in ".'" else line for line in text.split("\n"))


def names(argument: dict) -> str:
    words = []
    for name in argument.get("names", []):
        words.append(("--" if name["kind"] == "long" else "-") + name["name"])
    return ", ".join(words)


def usage(argument: dict) -> str:
    value = argument.get("valueName", "value")
    if argument["kind"] == "positional":
        text = f"<{value}>"
    elif argument["kind"] == "flag":
        text = names(argument)
    else:
        text = f"{names(argument)} <{value}>"
    return text


def section(command: dict, lines: list, prefix: str) -> None:
    name = f"{prefix} {command['commandName']}".strip()
    lines.append(f".SS {escape(name)}")
    lines.append(escape(command.get("abstract", "")))
    if command.get("discussion"):
        lines += [".PP", escape(command["discussion"])]
    for argument in command.get("arguments", []):
        if not argument.get("shouldDisplay", True) or names(argument) in ("--help", "-h, --help", "--version"):
            continue
        text = argument.get("abstract", "")
        if argument.get("defaultValue"):
            text += f" (default: {argument['defaultValue']})"
        lines += [".TP", f"\\fB{escape(usage(argument))}\\fR", escape(text)]


def main(program: str, version: str) -> None:
    dump = subprocess.run([program, "--experimental-dump-help"], check=True, capture_output=True, text=True)
    command = json.loads(dump.stdout)["command"]
    lines = [
        f'.TH FWLINT 1 "" "fwlint {version}" "User Commands"',
        ".SH NAME",
        f"fwlint \\- {escape(command['abstract'])}",
        ".SH SYNOPSIS",
        "\\fBfwlint\\fR \\fIcommand\\fR [\\fIoptions\\fR] [\\fIfiles\\fR]",
        ".SH DESCRIPTION",
        escape(command["discussion"]),
        ".SH COMMANDS",
    ]
    for subcommand in command["subcommands"]:
        if subcommand["commandName"] != "help":
            section(subcommand, lines, "fwlint")
    lines += [".SH EXIT STATUS"]
    for code, meaning in [
        ("0", "Nothing at or above \\-\\-fail\\-on; of diff: nothing is worse."),
        ("1", "Findings; of diff: the change made something worse."),
        ("2", "The run itself failed: bad usage, a bad site file, a file that cannot be read."),
    ]:
        lines += [".TP", f"\\fB{code}\\fR", meaning]
    print("\n".join(lines))


if __name__ == "__main__":
    main(*sys.argv[1:])
