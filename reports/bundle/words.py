"""The texts of a bundle: how to check it, and the history for reading."""

from __future__ import annotations

from collections.abc import Iterator

from lifecycle.calendar import SHANGHAI
from lifecycle.models import AuditEntry
from lifecycle.wording import changes_told

HOW_TO = """审计资料包核对说明

单位：{agency}
范围：{scope}
制作时间：{made}（北京时间）
记录链：截至制作时共 {length} 条，末条校验值 {head}

一、包内文件
history.txt     办理记录，供阅读
history.jsonl   办理记录全文，每行一条
chain.jsonl     本单位全部办理记录的序号和校验值，不含其他项目的内容
papers/         项目材料
sheets/         含有这些项目的拨付表
ledger.xlsx     项目台账
rules/          适用的制度规则：TOML 为系统所用原文，md 供阅读
bundle.json     单位、范围、记录条数和末条校验值
SHA256SUMS      各文件的校验值
verify.py       核对程序，只用 Python 自带的功能

二、核对
1. 将资料包解压到空文件夹。
2. 文件是否齐全、有无改动：在该文件夹中运行 sha256sum -c SHA256SUMS。
3. 记录是否完整、有无改动：在该文件夹中运行 python verify.py（需 Python 3.8 以上），
   最后一行为“核对通过”即可。
4. 将上面的末条校验值与单位此前另行保存的校验值比对；此前保存的是较早一条的，在 chain.jsonl 中按序号查对。

三、记录链的算法（可自行编写程序核对）
每条记录的内容（history.jsonl 中的 content）写成 JSON：键按字母顺序，无空格，UTF-8 编码，
取 SHA-256，得 digest。
上一条的校验值（第一条之前为 64 个 0）后接项目编号（不涉及项目的为空），UTF-8 编码，取 SHA-256，得 tag。
上一条的校验值、tag、digest 依次相接，取 SHA-256，得本条的校验值 hash。各值均为小写十六进制。
tag 用于证明：本包项目的记录一条不少。其他项目的记录只有校验值；需要时可请单位出示某一序号的记录，按上法核对。

四、能证明什么，不能证明什么
能证明：包内文件制作后未改；记录自记下后没有被改动、删去、加入或调换。
不能证明：有权改写整个数据库的人没有重算全部校验值。因此单位应定期运行 keguan audit verify，将末条校验值保存在
系统以外（如会议纪要、上级部门），核对时以其为准。
"""


def readable(entry: AuditEntry) -> Iterator[str]:
    """Yield the lines in which an entry is read."""
    at = entry.at.astimezone(SHANGHAI)
    whose = f"  {entry.project_number}" if entry.project_number is not None else ""
    yield f"{entry.serial}  {at:%Y-%m-%d %H:%M:%S}  {entry.actor_name}{whose}  {entry.hash[:8]}"
    yield f"    {_one_line(entry.summary)}"
    if entry.citation:
        yield f"    依据：{_one_line(entry.citation)}"
    yield from (f"    {_one_line(words)}" for words in changes_told(entry.details))


def _one_line(text: str) -> str:
    return " ".join(text.split())
