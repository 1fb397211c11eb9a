"""Group robots of an agency: added, switched, tried and taken away by its admins."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from urllib.parse import urlsplit

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from lifecycle.command import Work, command
from lifecycle.database import begin_write
from lifecycle.models import Channel, OutboxMessage, Robot
from lifecycle.refusals import InvalidInput, NotFound
from lifecycle.roles import Actor, Permission

PREFIXES: Mapping[Channel, str] = {
    Channel.DINGTALK: "https://oapi.dingtalk.com/robot/send?access_token=",
    Channel.WECOM: "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=",
    Channel.FEISHU: "https://open.feishu.cn/open-apis/bot/v2/hook/",
}
"""How the address of each kind's robots begins; what follows is its own and a secret."""

GONE = "群机器人已删除"


def is_allowed(channel: Channel, url: str, hosts: Collection[str] = ()) -> bool:
    """Whether a message may be sent to ``url``: an address of the channel's own, or of one of ``hosts``.

    ``hosts`` are this installation's own relays (``host`` or ``host:port``).
    """
    prefix = PREFIXES[channel]
    if url.startswith(prefix) and len(url) > len(prefix) and url.isascii() and url.isprintable():
        return " " not in url
    parts = urlsplit(url)
    return parts.scheme in ("http", "https") and parts.netloc in hosts


def masked(url: str) -> str:
    """Return an address as it may be shown: where it leads, and the last characters."""
    return f"{urlsplit(url).netloc} …{url[-4:]}"


def list_robots(session: Session, agency_id: int) -> Sequence[Robot]:
    """Return the agency's robots in the order in which they were added."""
    return session.scalars(select(Robot).where(Robot.agency_id == agency_id).order_by(Robot.id)).all()


def find_robot(session: Session, actor: Actor, robot_id: int) -> Robot:
    """Return a robot of the actor's agency. Raises ``NotFound``."""
    found = session.get(Robot, robot_id)
    if found is None or found.agency_id != actor.agency_id:
        raise NotFound("这个群机器人")
    return found


@command("robot.add", Permission.MANAGE_SETTINGS)
def add_robot(
    work: Work,
    *,
    channel: Channel,
    name: str,
    url: str,
    secret: str,
    today: date,
    hosts: Collection[str] = (),
) -> int:
    """Add a robot, switched on; returns its id. Raises ``InvalidInput`` naming ``url`` or ``channel``.

    Address and secret are no part of the history: whoever reads it could speak to the group.
    """
    if channel not in PREFIXES:
        raise InvalidInput({"channel": "请选择钉钉、企业微信或飞书。"})
    if not is_allowed(channel, url, hosts):
        raise InvalidInput({"url": f"{channel}群机器人的地址应以 {PREFIXES[channel]} 开头，请完整复制。"})
    known = select(Robot.name).where(Robot.agency_id == work.actor.agency_id, Robot.url == url)
    same = work.session.scalar(known)
    if same is not None:
        raise InvalidInput({"url": f"这个地址已经添加过（{same}），不必重复添加。"})
    robot = Robot(agency_id=work.actor.agency_id, channel=channel, name=name, url=url)
    robot.secret, robot.made_by_id, robot.made_on = secret or None, work.actor.user_id, today
    work.session.add(robot)
    work.session.flush()
    work.record(f"添加{channel}群机器人“{name}”", details={"robot": robot.id})
    return robot.id


@command("robot.switch", Permission.MANAGE_SETTINGS)
def switch_robot(work: Work, robot_id: int, *, active: bool) -> None:
    """Switch a robot on or off. Raises ``NotFound``."""
    robot = find_robot(work.session, work.actor, robot_id)
    robot.active = active
    act = "启用" if active else "停用"
    work.record(f"{act}{robot.channel}群机器人“{robot.name}”", details={"robot": robot.id})


@command("robot.delete", Permission.MANAGE_SETTINGS)
def delete_robot(work: Work, robot_id: int) -> None:
    """Take a robot away; what waits for it has failed. Raises ``NotFound``."""
    robot = find_robot(work.session, work.actor, robot_id)
    box = OutboxMessage
    for_it = (
        box.agency_id == work.actor.agency_id,
        box.channel == robot.channel,
        box.address == str(robot.id),
    )
    waits = update(box).where(*for_it, box.state == "waiting")
    work.session.execute(waits.values(state="failed", last_error=GONE))
    work.session.execute(delete(Robot).where(Robot.id == robot.id))
    work.record(f"删除{robot.channel}群机器人“{robot.name}”", details={"robot": robot.id})


@command("robot.try", Permission.MANAGE_SETTINGS)
def record_trial(work: Work, robot_id: int, error: str | None, now: datetime) -> None:
    """Enter into the history how a trial message fared. Raises ``NotFound``."""
    robot = find_robot(work.session, work.actor, robot_id)
    _fared(work.session, robot.id, error, now)
    said = f"没有送达：{error}" if error else "已送达"
    work.record(f"试发{robot.channel}群机器人“{robot.name}”，{said}", details={"robot": robot.id})


def note_fared(session: Session, robot_id: int, error: str | None, now: datetime) -> None:
    """Keep at the robot how its last message fared; ``None`` where it was taken."""
    begin_write(session)
    _fared(session, robot_id, error, now)
    session.commit()


def _fared(session: Session, robot_id: int, error: str | None, now: datetime) -> None:
    values = {"last_error": error} if error else {"last_error": None, "last_sent_at": now}
    session.execute(update(Robot).where(Robot.id == robot_id).values(**values))
