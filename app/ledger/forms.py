"""The form by which a ledger is uploaded."""

from __future__ import annotations

from pathlib import PurePath

from flask_wtf.file import FileField, FileRequired
from wtforms import ValidationError

from app import clock
from app.forms import DayField, Form, chosen
from reports.ledger.errors import NotAWorkbook
from reports.ledger.xlsx.workbook import Workbook

SUFFIX = ".xlsx"
MOST_NAME = 120
"""Characters of a file's name that are kept."""


class UploadForm(Form):
    """A ledger workbook, and the day for which it is judged."""

    file = FileField(
        "台账文件",
        [FileRequired("请选择要上传的台账文件。")],
        description="Excel 工作簿（.xlsx），不超过 64 MB",
    )
    as_of = DayField(
        "体检日期",
        [chosen("请填写体检日期。")],
        default=clock.today,
        description="按这一天判断是否符合规定；这一天以后的事项视为尚未发生",
    )

    def validate_file(self, field: FileField) -> None:
        """Refuse at once what can be told to be no ledger without reading it."""
        if PurePath(field.data.filename).suffix.lower() != SUFFIX:
            raise ValidationError("只能上传 .xlsx 文件。其他格式请用 Excel 或 WPS 另存为 .xlsx 后再上传。")
        stream = field.data.stream
        if not stream.read(1):
            raise ValidationError("这个文件是空的，请重新选择。")
        stream.seek(0)
        try:
            Workbook(stream)
        except NotAWorkbook as refusal:
            raise ValidationError(f"{refusal.message}。") from refusal
        stream.seek(0)

    @property
    def file_name(self) -> str:
        """The name of the file as it is shown and kept: without its folders and what no name can have."""
        name = PurePath(self.file.data.filename).name
        plain = "".join(char for char in name if char.isprintable())
        return plain if len(plain) <= MOST_NAME else f"{plain[: MOST_NAME - len(SUFFIX)]}{SUFFIX}"
