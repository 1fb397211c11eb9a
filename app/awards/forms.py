"""The form by which an awarded project is registered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wtforms import BooleanField, EmailField, SelectField, StringField
from wtforms.fields import SelectChoice
from wtforms.validators import Optional, Regexp

from app.agreements.forms import EMAIL
from app.forms import ChoiceField, DayField, Form, MoneyField, at_most, chosen, placed, required
from lifecycle.awards import MOST_NAME, MOST_NUMBER, Award
from lifecycle.place_names import home_place
from lifecycle.record import Nature, Subcategory, UnitType
from lifecycle.rulebook import rulebook


class AwardForm(Form):
    """What an award says of a project; fields bear the names of ``Award``."""

    number = StringField("项目编号", [required("请填写项目编号。"), at_most(MOST_NUMBER)])
    title = StringField("项目名称", [required("请填写项目名称。"), at_most(MOST_NAME)])
    programme = SelectField("计划类别", [chosen("请选择计划类别。")], validate_choice=False)
    subcategory = ChoiceField("子类", Subcategory, blank="无", description="只有部分计划类别分子类")
    nature = ChoiceField("项目性质", Nature, blank="未登记", description="决定首期拨付比例")
    start = DayField("实施开始", [chosen("请填写实施开始日期。")])
    end = DayField("实施结束", [chosen("请填写实施结束日期。")])
    self_established = BooleanField("自主设置项目", description="设置主体自筹资金、自行管理、自主结题")
    milestone_managed = BooleanField("实行里程碑管理")
    lead_unit = StringField(
        "承担单位",
        [required("请填写承担单位。"), at_most(MOST_NAME)],
        description="与单位账号登记的名称完全一致，单位才能看到项目",
    )
    lead_unit_type = ChoiceField("单位类型", UnitType, blank="未登记")
    lead_place = StringField(
        "单位所在地",
        [placed(home_place, "请填写省、自治区、直辖市或港澳台地区的名称，如 重庆市。")],
        description="省、自治区、直辖市或港澳台地区",
    )
    pi_name = StringField("项目负责人", [required("请填写项目负责人。"), at_most(50)])
    pi_email = EmailField(
        "负责人邮箱",
        [Optional(), at_most(200), Regexp(EMAIL, message="邮箱格式不正确。")],
        description="负责人凭这个邮箱的账号办理本项目",
    )
    joint_unit = StringField("联合实施单位", [at_most(MOST_NAME)], description="没有联合实施单位的不填")
    requested = MoneyField("申请财政资金", description="申报时申请的数额，可不填")
    provincial = MoneyField("省（市）级财政资金")
    district = MoneyField("区（县）级财政资金")
    joint = MoneyField("联合实施单位出资")
    own = MoneyField("自筹资金")
    bank_name = StringField("开户银行", [at_most(MOST_NAME)])
    bank_account = StringField("银行账号", [at_most(50)], description="拨付前补齐即可")

    sections: Mapping[str, tuple[str, ...]] = {
        "项目": (
            *("number", "title", "programme", "subcategory", "nature", "start", "end"),
            *("self_established", "milestone_managed"),
        ),
        "单位和负责人": (
            *("lead_unit", "lead_unit_type", "lead_place", "pi_name", "pi_email", "joint_unit"),
        ),
        "资金": (*("requested", "provincial", "district", "joint", "own", "bank_name", "bank_account"),),
    }
    """Heading → the fields below it."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.programme.choices = [
            SelectChoice("", "请选择"),
            *(SelectChoice(name) for name in rulebook().programmes),
        ]

    @property
    def award(self) -> Award:
        """What a valid form says."""
        values = {name: self[name].data for names in self.sections.values() for name in names}
        for name in ("lead_place", "pi_email", "joint_unit", "bank_name", "bank_account"):
            values[name] = values[name] or None
        for name in ("provincial", "district", "joint", "own"):
            values[name] = values[name] or 0
        return Award(**values)
