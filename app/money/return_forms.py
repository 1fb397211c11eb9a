"""Forms of returned sheets: the file that came back, and the press that books it."""

from __future__ import annotations

from pathlib import PurePath

from flask_wtf.file import FileField, FileRequired
from wtforms import BooleanField, ValidationError

from app.forms import Form

SUFFIX = ".xlsx"
MOST_FILE = 20 << 20
"""Bytes of a returned sheet: the largest batch takes two million."""
MOST_NAME = 120
"""Characters of a file's name that are kept."""


class ReturnedForm(Form):
    """The workbook that came back."""

    content: bytes = b""
    """What the file holds, once the form is sound."""

    file = FileField(
        "回执文件",
        [FileRequired("请选择回执文件。")],
        description="填好办理结果的拨付表（.xlsx），不超过 20 MB",
    )

    def validate_file(self, field: FileField) -> None:
        """Keep what the file holds, if it can be a workbook by its name and size."""
        if PurePath(field.data.filename).suffix.lower() != SUFFIX:
            raise ValidationError("只能上传 .xlsx 文件。其他格式请用 Excel 或 WPS 另存为 .xlsx 后再上传。")
        self.content = field.data.stream.read(MOST_FILE + 1)
        if not self.content:
            raise ValidationError("这个文件是空的，请重新选择。")
        if len(self.content) > MOST_FILE:
            raise ValidationError("文件超过 20 MB，不像是拨付表回执，请核对。")

    @property
    def file_name(self) -> str:
        """The name of the file as it is shown and kept: without its folders and what no name can have."""
        name = PurePath(self.file.data.filename).name
        plain = "".join(char for char in name if char.isprintable())
        return plain if len(plain) <= MOST_NAME else f"{plain[: MOST_NAME - len(SUFFIX)]}{SUFFIX}"


class BookReturnForm(Form):
    """That everything which can be booked is booked."""

    leave_out = BooleanField("不能登记的行暂不登记，留待核对后补办")
