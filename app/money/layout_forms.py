"""The form by which an office's layout of the disbursement sheet is uploaded."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePath

from flask_wtf.file import FileField, FileRequired
from wtforms import SelectField, StringField, ValidationError
from wtforms.fields import SelectChoice

from app.forms import Form, required
from finance.layouts import EVERYBODY, MOST_NAME
from reports.sheet.parts import MOST_FILE

SUFFIX = ".xlsx"


class LayoutForm(Form):
    """A workbook of the office's own, and whose sheets it is for."""

    content: bytes = b""
    """What the file holds, once the form is sound."""

    name = StringField(
        "版式名称",
        [required("请填写版式名称。")],
        description=f"便于以后辨认，如“2026 年国库版”，不超过 {MOST_NAME} 个字",
    )
    payer = SelectField("适用的拨款单位", choices=[SelectChoice("", EVERYBODY)], validate_choice=False)
    file = FileField(
        "版式文件", [FileRequired("请选择版式文件。")], description="Excel 工作簿（.xlsx），不超过 2 MB"
    )

    def offer(self, payers: Iterable[str]) -> None:
        """Let one of these paying bodies be chosen."""
        names = dict.fromkeys(payers)
        self.payer.choices = [SelectChoice("", EVERYBODY), *map(SelectChoice, names)]

    def validate_file(self, field: FileField) -> None:
        """Keep what the file holds as ``content``, if it can be a workbook by its name and size."""
        if PurePath(field.data.filename).suffix.lower() != SUFFIX:
            raise ValidationError("只能上传 .xlsx 文件。其他格式请用 Excel 或 WPS 另存为 .xlsx 后再上传。")
        self.content = field.data.stream.read(MOST_FILE + 1)
        if not self.content:
            raise ValidationError("这个文件是空的，请重新选择。")
