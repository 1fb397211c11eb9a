"""Clearing by lines, and when what has to come back was back

Revision: 0009, after 0008
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None


CLEARING = sa.table(
    'clearing',
    *(sa.column(name, sa.Integer()) for name in ('id', 'project_id', 'confirmed_by_id')),
    sa.column('figures', sa.JSON()),
    *(sa.column(name, sa.Date()) for name in ('due_on', 'confirmed_on')),
)
PROJECT = sa.table(
    'project',
    sa.column('id', sa.Integer()),
    *(sa.column(name, sa.Date()) for name in ('recovery_from', 'recovery_due', 'recovery_done')),
)
LINE = sa.table(
    'disallowed_line',
    sa.column('id', sa.Integer()),
    *(sa.column(name, sa.Integer()) for name in ('clearing_id', 'spending_id')),
    sa.column('source', sa.String()),
    sa.column('amount_fen', sa.BigInteger()),
    sa.column('reason', sa.String()),
)
RETURN = sa.table(
    'clearing_return',
    *(sa.column(name, sa.Integer()) for name in ('id', 'clearing_id', 'reversal_of_id')),
    sa.column('source', sa.String()),
    sa.column('amount_fen', sa.BigInteger()),
    sa.column('returned_on', sa.Date()),
    sa.column('voucher', sa.String()),
    sa.column('note', sa.String()),
    sa.column('recorded_at', sa.DateTime()),
)
FROZEN = ('source', 'paid', 'spent', 'disallowed', 'left', 'to_return')


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table('project', schema=None) as batch_op:
        for name in ('recovery_from', 'recovery_due', 'recovery_done'):
            batch_op.add_column(sa.Column(name, sa.Date(), nullable=True))
    database = op.get_bind()
    for row in database.execute(sa.select(CLEARING.c.id, CLEARING.c.project_id, CLEARING.c.figures)).all():
        if row.figures.get('sources') is not None:
            _into_rows(database, row.id, row.project_id, row.figures)


def _into_rows(database: Any, clearing_id: int, project_id: int, figures: dict[str, Any]) -> None:
    """Put what a clearing kept as JSON into rows; of its figures the sums by source stay."""
    sources, returns = figures['sources'], figures.get('returns', [])
    for one in sources:
        if one['disallowed']:
            line = {'source': one['source'], 'amount_fen': one['disallowed'], 'reason': one['reason']}
            database.execute(sa.insert(LINE).values(clearing_id=clearing_id, **line))
    for line in _by_source(sources, returns):
        database.execute(sa.insert(RETURN).values(clearing_id=clearing_id, **line))
    due, confirmed = _day(figures.get('due')), _day(figures.get('confirmed_on'))
    database.execute(
        sa.update(CLEARING)
        .where(CLEARING.c.id == clearing_id)
        .values(
            figures={'sources': [{key: one[key] for key in FROZEN} | {'kept': 0} for one in sources]},
            due_on=due,
            confirmed_on=confirmed,
            confirmed_by_id=figures.get('confirmed_by_id'),
        )
    )
    if confirmed is None:
        return
    owed = sum(one['to_return'] for one in sources) - sum(one['amount'] for one in returns)
    last = max((_day(one['on']) or confirmed for one in returns), default=confirmed)
    done = last if owed <= 0 else None
    values = {'recovery_from': confirmed, 'recovery_due': due, 'recovery_done': done}
    database.execute(sa.update(PROJECT).where(PROJECT.c.id == project_id).values(**values))


def _by_source(sources: list[dict[str, Any]], returns: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield the returns by source, which they did not say: one source after the other is made whole."""
    open_ = [[one['source'], one['to_return']] for one in sources]
    for one in returns:
        rest = one['amount']
        for owed in open_:
            part = min(rest, owed[1])
            if part:
                owed[1] -= part
                rest -= part
                yield _return(one, owed[0], part)


def _return(one: dict[str, Any], source: str, part: int) -> dict[str, Any]:
    on = date.fromisoformat(one['on'])
    return {
        'source': source,
        'amount_fen': part,
        'returned_on': on,
        'voucher': one['voucher'],
        'note': f"{one['by']}登记",
        'recorded_at': datetime.combine(on, time.min),
    }


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def downgrade() -> None:
    """Take back."""
    database = op.get_bind()
    columns = (CLEARING.c.id, CLEARING.c.figures, CLEARING.c.due_on, CLEARING.c.confirmed_on, CLEARING.c.confirmed_by_id)
    for row in database.execute(sa.select(*columns)).all():
        if row.figures.get('sources') is not None:
            figures = _into_json(database, row)
            database.execute(sa.update(CLEARING).where(CLEARING.c.id == row.id).values(figures=figures))
    database.execute(sa.delete(LINE))
    database.execute(sa.update(RETURN).values(reversal_of_id=None))
    database.execute(sa.delete(RETURN))
    with op.batch_alter_table('project', schema=None) as batch_op:
        for name in ('recovery_done', 'recovery_due', 'recovery_from'):
            batch_op.drop_column(name)


def _into_json(database: Any, row: Any) -> dict[str, Any]:
    lines = database.execute(sa.select(LINE).where(LINE.c.clearing_id == row.id).order_by(LINE.c.id)).all()
    taken_back = sa.select(RETURN.c.reversal_of_id).where(RETURN.c.reversal_of_id.is_not(None))
    whole = (RETURN.c.reversal_of_id.is_(None), RETURN.c.id.not_in(taken_back))
    returns = database.execute(
        sa.select(RETURN).where(RETURN.c.clearing_id == row.id, *whole).order_by(RETURN.c.id)
    ).all()
    reasons = {
        one['source']: '；'.join(dict.fromkeys(line.reason for line in lines if line.source == one['source']))
        for one in row.figures['sources']
    }
    return {
        'sources': [
            {key: one[key] for key in FROZEN} | {'reason': reasons[one['source']]} for one in row.figures['sources']
        ],
        'due': row.due_on and row.due_on.isoformat(),
        'settled_by': '',
        'confirmed_by': '',
        'confirmed_by_id': row.confirmed_by_id,
        'confirmed_on': row.confirmed_on and row.confirmed_on.isoformat(),
        'returns': [
            {'amount': one.amount_fen, 'on': one.returned_on.isoformat(), 'voucher': one.voucher, 'by': ''}
            for one in returns
        ],
    }
