"""Group robots of the agency. Mounted by ``app.admin.routes``."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import PasswordField, SelectField, StringField
from wtforms.fields import SelectChoice

from app import clock
from app.admin.blueprint import bp
from app.extensions import db
from app.forms import Form, at_most, chosen, required
from app.permissions import current_actor, may
from app.robots import allowed_hosts, speak
from lifecycle import robots as commands
from lifecycle.models import Channel
from lifecycle.roles import Permission

TRIAL = "科管提醒：这是一条测试消息，收到即表示群机器人可以正常使用。"


class RobotForm(Form):
    """A robot as DingTalk, WeCom or Feishu describe it to whoever adds it to a group."""

    channel = SelectField(
        "类型", [chosen("请选择类型。")], choices=[SelectChoice(one.value) for one in commands.PREFIXES]
    )
    name = StringField(
        "名称", [required("请填写名称。"), at_most(50)], description="在哪个群，如“科技局项目管理群”"
    )
    url = StringField(
        "机器人地址",
        [required("请填写机器人地址。"), at_most(500)],
        description="在群设置中添加自定义机器人后，复制给出的网址；保存后不再完整显示",
    )
    secret = PasswordField(
        "加签密钥",
        [at_most(200)],
        description="钉钉、飞书的安全设置选了加签（签名校验）时填写；选了关键词的，请把“科管”设为关键词",
    )


@bp.route("/robots", methods=["GET", "POST"])
@may(Permission.MANAGE_SETTINGS)
def robots() -> ResponseReturnValue:
    """List the group robots, and add one."""
    session, actor = db.session(), current_actor()
    form = RobotForm()
    if form.validate_on_submit():
        with form.taking_refusals():
            commands.add_robot(
                session,
                actor,
                channel=Channel(form.channel.data),
                name=form.name.data,
                url=form.url.data,
                secret=(form.secret.data or "").strip(),
                today=clock.today(),
                hosts=allowed_hosts(),
            )
            flash(f"已添加“{form.name.data}”，请发送一条测试消息。")
            return redirect(url_for("admin.robots"))
    rows = commands.list_robots(session, actor.agency_id)
    shown = render_template("admin/robots.html", form=form, rows=rows, masked=commands.masked)
    return shown, 422 if form.errors else 200


@bp.post("/robots/<int:robot_id>/try")
@may(Permission.MANAGE_SETTINGS)
def try_robot(robot_id: int) -> ResponseReturnValue:
    """Send a trial message now, and say how it fared."""
    session, actor = db.session(), current_actor()
    robot = commands.find_robot(session, actor, robot_id)
    name, asked = robot.name, (robot.channel, robot.url, robot.secret)
    session.rollback()  # no transaction stays open while the other side takes its time
    answer = speak(*asked, TRIAL)
    commands.record_trial(session, actor, robot_id, answer.error, clock.now())
    told = f"没有送达：{answer.error}。" if answer.error else "已送达，请到群里查看。"
    flash(f"“{name}”的测试消息{told}", "bad" if answer.error else "good")
    return redirect(url_for("admin.robots"))


@bp.post("/robots/<int:robot_id>/switch")
@may(Permission.MANAGE_SETTINGS)
def switch_robot(robot_id: int) -> ResponseReturnValue:
    """Switch a robot on or off."""
    active = request.form.get("active") == "1"
    commands.switch_robot(db.session(), current_actor(), robot_id, active=active)
    flash("已启用，今后每天的提醒会发到群里。" if active else "已停用，不再向这个群发送。")
    return redirect(url_for("admin.robots"))


@bp.post("/robots/<int:robot_id>/delete")
@may(Permission.MANAGE_SETTINGS)
def delete_robot(robot_id: int) -> ResponseReturnValue:
    """Take a robot away."""
    commands.delete_robot(db.session(), current_actor(), robot_id)
    flash("群机器人已删除，此前发出的提醒记录保留。")
    return redirect(url_for("admin.robots"))
