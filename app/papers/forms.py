"""The form by which papers are added to a project."""

from __future__ import annotations

from wtforms import StringField

from app.files import FilesField
from app.forms import Form, at_most, required
from lifecycle.papers import MOST_TITLE


class PapersForm(Form):
    """Files, and in a few words what they are."""

    files = FilesField("文件", [required("请选择要上传的文件。")])
    title = StringField(
        "材料说明", [at_most(MOST_TITLE)], description="可不填；文件名不足以说明时填写，如“设备采购合同”"
    )
