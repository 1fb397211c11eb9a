"""检查结果通报: what other departments are told of an inspection, and nothing internal (SPB 31: 互认)."""

from __future__ import annotations

from datetime import date

from lifecycle.inspecting import oversight_basis
from lifecycle.models import Inspection, Outcome, Project
from reports.papers.rendering import chinese_day, render


def notice_paper(row: Inspection, project: Project, *, agency: str, today: date) -> bytes:
    """Return the notice of a decided inspection as a Word file."""
    return render(
        "inspection_notice",
        {
            "agency": agency,
            "opening": f"现将以下项目的检查结果通报如下，检查结果互认。通报日期：{chinese_day(today)}。",
            "number": project.number,
            "programme": project.programme,
            "title": project.title,
            "lead_unit": project.lead_unit,
            "kind": row.kind,
            "organiser": row.organiser,
            "inspected_on": row.inspected_on,
            "inspectors": row.inspectors,
            "summary": row.summary.splitlines(),
            "findings": [one["text"] for one in row.findings],
            "orders": ordered_lines(row),
            "basis": oversight_basis(project.programme, project.signed_on),
        },
    )


def ordered_lines(row: Inspection) -> list[str]:
    """Return what was ordered, a line each."""
    if row.outcome is Outcome.NOTHING:
        return ["未发现问题，无须处理。"]
    if row.note:
        return [f"{row.note}。"]
    lines = []
    if row.due is not None:
        lines.append(f"限期整改，期限为{chinese_day(row.due)}。")
    if row.outcome is Outcome.HOLD:
        lines.append("暂缓拨付后续经费，解除之前不再拨付。")
    if row.outcome is Outcome.TERMINATE:
        why = "属于承担单位自身的主观原因" if row.own_fault else "不属于主观原因"
        lines.append(f"终止实施项目（{why}）。")
    if row.decided_on is not None:
        lines.append(f"以上处理自{chinese_day(row.decided_on)}起生效。")
    return lines
