"""The disbursement sheet (拨付表): the workbook that an issued batch becomes, signed and sent out."""

from __future__ import annotations

from finance.disbursement import LARGEST, Disbursement
from reports.sheet.layout import read_layout
from reports.sheet.printing import print_layout
from reports.sheet.rows import Progress, nobody
from reports.sheet.standard import standard_layout


def disbursement_sheet(disbursement: Disbursement, progress: Progress = nobody) -> bytes:
    """Return the workbook of a disbursement, in the office's layout where it bears one.

    It has at least one line. Raises ``ValueError`` where a sum has more digits than a spreadsheet keeps
    (``LARGEST`` and above), ``LayoutRefused`` where the layout is none.
    """
    lines = disbursement.lines
    sums = (
        sum(line.granted for line in lines),
        sum(line.paid_before for line in lines),
        sum(line.amount for line in lines),
    )
    if max(sums) >= LARGEST:
        raise ValueError("sums of this size are not exact in a spreadsheet")
    layout = disbursement.layout or standard_layout(with_source=len(disbursement.sources) > 1)
    return print_layout(read_layout(layout), disbursement, progress)
