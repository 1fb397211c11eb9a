"""Made-up names that read like real ones. No unit or person here exists."""

from __future__ import annotations

from random import Random

FIELDS = (
    "智能驾驶",
    "基础元器件",
    "免疫治疗",
    "医工交叉",
    "绿色制造",
    "工业软件",
    "先进材料",
    "智慧农业",
    "生态环保",
    "公共安全",
)
OBJECTS = (
    "感知融合",
    "功率模块",
    "抗体筛选",
    "康复装备",
    "余热回收",
    "视觉检测",
    "轻合金成形",
    "作物育种",
    "水体修复",
    "火灾预警",
    "边缘计算",
    "传感阵列",
)
DEEDS = (
    "关键技术研究与应用",
    "核心部件研制",
    "系统开发与示范",
    "工艺优化及产业化",
    "平台建设",
    "成套装备研发",
)
UNIT_HEADS = (
    "启明",
    "云岭",
    "嘉陵",
    "磁器口",
    "歌乐",
    "凤鸣",
    "渝西",
    "青木",
    "井口",
    "石桥",
    "天星",
    "回龙",
    "双碑",
    "土湾",
    "覃家岗",
    "丰文",
)
UNIT_TAILS = (
    "智能科技有限公司",
    "生物医药有限公司",
    "装备制造有限公司",
    "新材料有限公司",
    "信息技术有限公司",
)
SCHOOLS = ("示范理工学院", "示范医科大学", "示范农业科学研究院", "示范交通学院")
SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张"
GIVEN = (
    "明远",
    "思齐",
    "文博",
    "若云",
    "建国",
    "雨桐",
    "志强",
    "佳音",
    "海涛",
    "晓岚",
    "泽宇",
    "静怡",
)
BANKS = ("示范农村商业银行营业部", "示范银行高新支行", "示范银行大学城支行", "示范建设银行城西支行")


def title(random: Random) -> str:
    """Return a project's title."""
    return f"{random.choice(FIELDS)}{random.choice(OBJECTS)}{random.choice(DEEDS)}"


def company(random: Random) -> str:
    """Return an enterprise's name."""
    return f"{random.choice(UNIT_HEADS)}{random.choice(UNIT_TAILS)}"


def person(random: Random) -> str:
    """Return a person's name."""
    return f"{random.choice(SURNAMES)}{random.choice(GIVEN)}"


def account(random: Random) -> str:
    """Return a bank account's number: 19 digits, often with leading zeros, as text."""
    return f"{random.randrange(10**19):019d}"
