"""What an address asks of the list of changes, and back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from app.filters import query
from app.projects.asking import read_text
from lifecycle.changes.listing import ChangeFilter, Heap
from lifecycle.listing import PER_PAGE
from lifecycle.record import ChangeKind
from lifecycle.rulebook import rulebook

Args = Mapping[str, str]


def read_filter(args: Args) -> ChangeFilter:
    """Return what a query string asks; what cannot be understood asks nothing."""
    kind, programme, heap = args.get("kind", ""), args.get("programme", ""), args.get("step", "")
    size = _number(args.get("size", ""))
    return ChangeFilter(
        heap=Heap(heap) if heap in set(Heap) else Heap.OPEN,
        kind=ChangeKind(kind) if kind in set(ChangeKind) else None,
        programme=programme if programme in rulebook().programmes else "",
        text=read_text(args),
        page=max(1, _number(args.get("page", "")) or 1),
        per_page=size if size in PER_PAGE else 50,
    )


def chips(asked: ChangeFilter, args: Args) -> Iterator[dict[str, str]]:
    """Yield what the list is filtered by, each with the address of the list without it."""
    told = (
        ("q", "关键词", asked.text),
        ("kind", "变更事项", asked.kind or ""),
        ("programme", "计划类别", asked.programme),
    )
    for name, label, value in told:
        if value:
            yield {"label": label, "value": str(value), "url": query(args, **{name: None, "page": None})}


def sentence(asked: ChangeFilter) -> str:
    """Return what is asked, in words, for the head of an export."""
    told = [f"办理环节：{asked.heap}"]
    told += [f"{chip['label']}：{chip['value']}" for chip in chips(asked, {})]
    return "；".join(told)


def tabs(counts: Mapping[Heap, int], asked: ChangeFilter, args: Args) -> list[dict[str, object]]:
    """Return the heaps as tabs: those in which something lies, the first and the last ones always."""
    always = {Heap.OPEN, Heap.DONE, Heap.ENDED, asked.heap}
    return [
        {
            "label": heap.value,
            "url": query(args, step=heap.value if heap is not Heap.OPEN else None, page=None),
            "active": heap is asked.heap,
            "count": count if heap not in {Heap.DONE, Heap.ENDED} else 0,
        }
        for heap, count in counts.items()
        if count or heap in always
    ]


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
