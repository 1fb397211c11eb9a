"""Forms of signing in and of one's own password."""

from __future__ import annotations

from wtforms import PasswordField, StringField
from wtforms.validators import EqualTo

from app.forms import Form, at_most, required


class SignInForm(Form):
    """User name and password."""

    username = StringField("用户名", [required("请填写用户名。"), at_most(64)])
    password = PasswordField("密码", [required("请填写密码。"), at_most(128)])


class PasswordForm(Form):
    """The password so far and a new one, twice."""

    current = PasswordField("当前密码", [required("请填写当前密码。"), at_most(128)])
    new = PasswordField(
        "新密码",
        [required("请填写新密码。"), at_most(128)],
        description="至少 10 个字符，不要与用户名相近。",
    )
    again = PasswordField(
        "再次输入新密码",
        [required("请再次输入新密码。"), EqualTo("new", "两次输入的新密码不一致。")],
    )
