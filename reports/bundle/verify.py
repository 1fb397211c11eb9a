"""核对审计资料包：在解压后的文件夹中运行 python verify.py。

Checks an unpacked audit bundle with nothing but Python (3.8 or newer): the checksum of every file, the chain
of hashes from its first entry to its last, and that the history holds all the projects' entries and no other.
Ends with 0 where everything fits and with 1 where something does not.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterator
from typing import Any

SUMS = "SHA256SUMS"
START = "0" * 64
MOST = 20
STRANGERS = (".DS_Store", "Thumbs.db", "desktop.ini")  # left behind by file managers that merely looked


def sha256(data: bytes) -> str:
    """Return the SHA-256 of bytes in hex."""
    return hashlib.sha256(data).hexdigest()


def sum_of(path: str) -> str:
    """Return the SHA-256 of a file in hex."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for piece in iter(lambda: file.read(1 << 20), b""):
            digest.update(piece)
    return digest.hexdigest()


def canonical(content: Any) -> bytes:
    """Return content as canonical JSON: keys sorted, no blanks, UTF-8."""
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode("utf-8", "surrogatepass")


def files_in(folder: str) -> Iterator[str]:
    """Yield the paths of all files below the folder, with slashes, but the list of sums itself."""
    for here, _, names in os.walk(folder):
        for name in names:
            path = os.path.relpath(os.path.join(here, name), folder).replace(os.sep, "/")
            if path != SUMS and name not in STRANGERS:
                yield path


def check_sums(folder: str) -> Iterator[str]:
    """Yield what is wrong with the files: each is listed once, and is what the list says."""
    with open(os.path.join(folder, SUMS), "rb") as file:
        listed = file.read()
    told: dict[str, str] = {}
    for line in listed.decode("utf-8", "replace").split("\n"):
        told[line[66:]] = line[:64]
    found = {path: sum_of(os.path.join(folder, path)) for path in files_in(folder)}
    for path in sorted(found):
        if path not in told:
            yield "多出文件：" + path
        elif told[path] != found[path]:
            yield "文件被改动：" + path
    for path in sorted(told):
        if path and path not in found:
            yield "缺少文件：" + path
    right = "".join(f"{found[path]}  {path}\n" for path in sorted(found))
    if listed != right.encode("utf-8"):
        yield "校验清单 " + SUMS + " 与文件不一致"


def lines_of(folder: str, name: str) -> Iterator[Any]:
    """Yield the objects of a file that holds one a line."""
    with open(os.path.join(folder, name), "rb") as file:
        for line in file:
            yield json.loads(line.decode("utf-8", "surrogatepass"))


def check_entry(entry: Any) -> str:
    """Return what is wrong with one entry of the history by itself, or nothing."""
    content, previous = entry["content"], entry["previous_hash"]
    tag = sha256((previous + (content["project_number"] or "")).encode("utf-8"))
    right = sha256((previous + tag + sha256(canonical(content))).encode("ascii"))
    return "" if right == entry["hash"] else f"办理记录第 {content['serial']} 条内容与校验值不符"


def check_chain(folder: str, about: Any) -> Iterator[str]:
    """Yield what is wrong with the chain, and with the history against it."""
    history: dict[int, str] = {}
    for entry in lines_of(folder, "history.jsonl"):
        wrong = check_entry(entry)
        if wrong:
            yield wrong
        history[entry["content"]["serial"]] = entry["hash"]
    projects, previous, length = about["projects"], START, 0
    for one in lines_of(folder, "chain.jsonl"):
        length += 1
        serial = one["serial"]
        if serial != length:
            yield f"记录链第 {serial} 条的序号应为 {length}"
            length = serial
        if one["hash"] != sha256((previous + one["tag"] + one["digest"]).encode("ascii")):
            yield f"记录链第 {serial} 条与上一条不衔接，或内容与校验值不符"
        tags = [sha256((previous + number).encode("utf-8")) for number in projects or ()]
        wanted = projects is None or one["tag"] in tags
        known = history.pop(serial, None)
        if wanted and known is None:
            yield f"办理记录缺少第 {serial} 条"
        elif known is not None and (not wanted or known != one["hash"]):
            yield f"办理记录第 {serial} 条不在记录链中，或不属于本包的项目"
        previous = one["hash"]
    for serial in sorted(history):
        yield f"办理记录第 {serial} 条不在记录链中"
    if (length, previous) != (about["length"], about["head"]):
        yield "记录链的条数或末条校验值与资料包说明不符"


def check(folder: str) -> Iterator[str]:
    """Yield everything that is wrong; what cannot be read is wrong too."""
    try:
        yield from check_sums(folder)
        with open(os.path.join(folder, "bundle.json"), "rb") as file:
            about = json.loads(file.read().decode("utf-8"))
        yield from check_chain(folder, about)
        say(f"单位：{about['agency']}")
        say(f"记录链：共 {about['length']} 条，末条校验值 {about['head']}")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        yield f"文件无法读取或格式不对：{error}"


def say(text: str) -> None:
    """Print a line, whatever the console can show."""
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(text.encode(encoding, "replace").decode(encoding) + "\n")


def main() -> int:
    """Check the folder this file lies in; return the exit code."""
    number = 0
    for number, wrong in enumerate(check(os.path.dirname(os.path.abspath(__file__))), 1):
        if number <= MOST:
            say("不符：" + wrong)
    if number:
        say(f"核对不通过，共 {number} 处不符。")
        return 1
    say("核对通过：文件齐全未改，办理记录完整且与记录链一致。")
    return 0


if __name__ == "__main__":
    sys.exit(main())
