"""Forms of settings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from wtforms import BooleanField, EmailField, StringField, TextAreaField
from wtforms.validators import Optional, Regexp

from app.forms import Form, SettingForm, at_most, required
from lifecycle.members import Member, Post
from lifecycle.roles import ROLE_NAMES, Role

DUTIES = {
    Role.HANDLER: "登记项目、办理任务书、审核报告、审查变更、监督检查、组织验收、提请拨付",
    Role.APPROVER: "审批经办提出的拨付、变更、监督处理和验收结论，不能审批本人提出的",
    Role.FINANCE: "编制拨付批次、出具拨付表、登记付款、办理财务清算",
    Role.AUDITOR: "查看本单位全部项目，不办理任何事项",
    Role.PI: "起草任务书、登记支出、提交报告、申请变更和验收；按邮箱与项目关联",
    Role.UNIT_MANAGER: "查看本单位承担的全部项目，确认项目负责人提交的材料，办理自主变更",
    Role.UNIT_FINANCE: "登记本单位项目的支出和到账，确认阶段账目",
    Role.JOINT_UNIT: "查看联合实施的项目，同意变更，登记出资，参加评议和验收",
    Role.EXPERT: "参加指定的评议和验收",
    Role.ADMIN: "管理人员和设置，不因此看到项目",
}
"""What each role does, for whoever gives it; in the order of the form."""

WITH_UNITS = (Role.PI, Role.UNIT_MANAGER, Role.UNIT_FINANCE, Role.JOINT_UNIT, Role.EXPERT)
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+\Z")
"""Loose on purpose: offices have addresses within their own network, such as …@kjj.local."""

_EXACT = "每行一个，须与项目登记的单位名称完全一致"


def _role(role: Role) -> BooleanField:
    return BooleanField(ROLE_NAMES[role], description=DUTIES[role])


class PersonForm(Form):
    """Name, e-mail address and roles. A role's field bears its name, that of its units ends in ``_units``."""

    name = StringField("姓名", [required("请填写姓名。"), at_most(50)])
    email = EmailField(
        "邮箱",
        [Optional(), at_most(200), Regexp(_ADDRESS, message="邮箱格式不正确。")],
        description="接收提醒；项目负责人必填，须与项目登记的邮箱一致",
    )
    handler = _role(Role.HANDLER)
    approver = _role(Role.APPROVER)
    finance = _role(Role.FINANCE)
    auditor = _role(Role.AUDITOR)
    pi = _role(Role.PI)
    unit_manager = _role(Role.UNIT_MANAGER)
    unit_finance = _role(Role.UNIT_FINANCE)
    joint_unit = _role(Role.JOINT_UNIT)
    expert = _role(Role.EXPERT)
    admin = _role(Role.ADMIN)
    pi_units = TextAreaField("项目负责人所在单位", [at_most(2000)], description="可不填，每行一个")
    unit_manager_units = TextAreaField("代表哪些承担单位", [at_most(2000)], description=_EXACT)
    unit_finance_units = TextAreaField("是哪些单位的财务人员", [at_most(2000)], description=_EXACT)
    joint_unit_units = TextAreaField("代表哪些联合实施单位", [at_most(2000)], description=_EXACT)
    expert_units = TextAreaField(
        "专家所在单位", [at_most(2000)], description="每行一个；用于核对专家是否与所评项目有关"
    )

    def posts(self) -> Iterator[Post]:
        """Yield the posts that are ticked, one a unit where there are units."""
        for role in DUTIES:
            if self[role].data:
                typed = self[f"{role}_units"].data if role in WITH_UNITS else ""
                units = [line.strip() for line in (typed or "").splitlines() if line.strip()]
                yield from (Post(role, unit) for unit in units or [""])


class NewPersonForm(PersonForm):
    """The same with the user name, which never changes afterwards."""

    username = StringField(
        "用户名",
        [required("请填写用户名。"), at_most(64)],
        description="登录用，小写字母、数字和 . _ @ -，例如姓名拼音；以后不能修改",
    )


class AgencyForm(SettingForm):
    """The agency's own settings."""

    name = StringField(
        "单位名称",
        [required("请填写单位名称。"), at_most(100)],
        description="显示在页面上方，并印在拨付表和文书上",
    )


def values_of(member: Member) -> dict[str, Any]:
    """Return what the form of a person shows before anything is changed."""
    values: dict[str, Any] = {"name": member.name, "email": member.email}
    values |= {post.role: True for post in member.posts}
    for role in WITH_UNITS:
        values[f"{role}_units"] = "\n".join(
            post.unit for post in member.posts if post.role is role and post.unit
        )
    return values
