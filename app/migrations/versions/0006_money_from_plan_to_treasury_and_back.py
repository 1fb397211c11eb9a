"""Money from plan to treasury and back

Revision: 0006, after 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


SOURCE = sa.Enum('省（市）级财政', '区（县）级财政', '联合实施单位', '自筹', name='source', native_enum=False, create_constraint=True, length=32)
ROLES = ('handler', 'approver', 'finance', 'pi', 'unit_manager', 'joint_unit', 'expert', 'auditor', 'admin')
TURNS = ('agreement', 'report', 'change', 'inspection', 'measure', 'integrity', 'acceptance', 'clearing', 'review')
OF_ROLES = (('membership', 'role'), ('turn', 'role'), ('kept_duty', 'owner'))


def _allow(roles: tuple[str, ...], turns: tuple[str, ...]) -> None:
    for table, column in OF_ROLES:
        _allow_only(table, column, roles)
    _allow_only('turn', 'kind', turns)


def _allow_only(table: str, column: str, values: tuple[str, ...]) -> None:
    names = ', '.join(f"'{value}'" for value in values)
    with op.batch_alter_table(table, schema=None) as batch_op:
        batch_op.drop_constraint(op.f(f'ck_{table}_{column}'), type_='check')
        batch_op.create_check_constraint(op.f(f'ck_{table}_{column}'), f'{column} IN ({names})')


def upgrade() -> None:
    """Apply."""
    _allow((*ROLES, 'unit_finance'), (*TURNS, 'account'))
    op.create_table('payer',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('agency_id', sa.Integer(), nullable=False),
    sa.Column('source', SOURCE, nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['agency_id'], ['agency.id'], name=op.f('fk_payer_agency_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_payer')),
    sa.UniqueConstraint('agency_id', 'source', name=op.f('uq_payer_agency_id_source'))
    )
    op.create_table('reconciliation',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('agency_id', sa.Integer(), nullable=False),
    sa.Column('as_of', sa.Date(), nullable=False),
    sa.Column('made_at', sa.DateTime(), nullable=False),
    sa.Column('projects', sa.Integer(), nullable=False),
    sa.Column('batches', sa.Integer(), nullable=False),
    sa.Column('differences', sa.JSON(), nullable=False),
    sa.Column('totals', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['agency_id'], ['agency.id'], name=op.f('fk_reconciliation_agency_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_reconciliation'))
    )
    with op.batch_alter_table('reconciliation', schema=None) as batch_op:
        batch_op.create_index('ix_reconciliation_agency', ['agency_id', 'as_of'], unique=False)

    op.create_table('sheet_layout',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('agency_id', sa.Integer(), nullable=False),
    sa.Column('payer', sa.String(), nullable=True),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('workbook', sa.LargeBinary(), nullable=False),
    sa.Column('in_use', sa.Boolean(), nullable=False),
    sa.Column('made_by_id', sa.Integer(), nullable=False),
    sa.Column('made_on', sa.Date(), nullable=False),
    sa.ForeignKeyConstraint(['agency_id'], ['agency.id'], name=op.f('fk_sheet_layout_agency_id')),
    sa.ForeignKeyConstraint(['made_by_id'], ['user_account.id'], name=op.f('fk_sheet_layout_made_by_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sheet_layout'))
    )
    with op.batch_alter_table('sheet_layout', schema=None) as batch_op:
        batch_op.create_index('ix_sheet_layout_agency', ['agency_id', 'payer'], unique=False)

    op.create_table('clearing_return',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('clearing_id', sa.Integer(), nullable=False),
    sa.Column('source', SOURCE, nullable=False),
    sa.Column('amount_fen', sa.BigInteger(), nullable=False),
    sa.Column('returned_on', sa.Date(), nullable=False),
    sa.Column('voucher', sa.String(), nullable=False),
    sa.Column('note', sa.String(), nullable=True),
    sa.Column('reversal_of_id', sa.Integer(), nullable=True),
    sa.Column('recorded_by_id', sa.Integer(), nullable=True),
    sa.Column('recorded_at', sa.DateTime(), nullable=False),
    sa.CheckConstraint('amount_fen <> 0', name=op.f('ck_clearing_return_amount')),
    sa.ForeignKeyConstraint(['clearing_id'], ['clearing.id'], name=op.f('fk_clearing_return_clearing_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['recorded_by_id'], ['user_account.id'], name=op.f('fk_clearing_return_recorded_by_id')),
    sa.ForeignKeyConstraint(['reversal_of_id'], ['clearing_return.id'], name=op.f('fk_clearing_return_reversal_of_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_clearing_return')),
    sa.UniqueConstraint('reversal_of_id', name=op.f('uq_clearing_return_reversal_of_id'))
    )
    with op.batch_alter_table('clearing_return', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_clearing_return_clearing_id'), ['clearing_id'], unique=False)

    op.create_table('disallowed_line',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('clearing_id', sa.Integer(), nullable=False),
    sa.Column('spending_id', sa.Integer(), nullable=True),
    sa.Column('source', SOURCE, nullable=False),
    sa.Column('amount_fen', sa.BigInteger(), nullable=False),
    sa.Column('reason', sa.String(), nullable=False),
    sa.CheckConstraint('amount_fen > 0', name=op.f('ck_disallowed_line_amount')),
    sa.ForeignKeyConstraint(['clearing_id'], ['clearing.id'], name=op.f('fk_disallowed_line_clearing_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['spending_id'], ['spending.id'], name=op.f('fk_disallowed_line_spending_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_disallowed_line')),
    sa.UniqueConstraint('clearing_id', 'spending_id', name=op.f('uq_disallowed_line_clearing_id_spending_id'))
    )
    op.create_table('returned_sheet',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('batch_id', sa.Integer(), nullable=False),
    sa.Column('file_name', sa.String(), nullable=False),
    sa.Column('sha256', sa.String(), nullable=False),
    sa.Column('workbook', sa.LargeBinary(), nullable=False),
    sa.Column('state', sa.Enum('待登记', '已登记', '已放弃', name='state', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('found', sa.JSON(), nullable=False),
    sa.Column('read_by_id', sa.Integer(), nullable=False),
    sa.Column('read_on', sa.Date(), nullable=False),
    sa.Column('booked_by_id', sa.Integer(), nullable=True),
    sa.Column('booked_on', sa.Date(), nullable=True),
    sa.ForeignKeyConstraint(['batch_id'], ['batch.id'], name=op.f('fk_returned_sheet_batch_id')),
    sa.ForeignKeyConstraint(['booked_by_id'], ['user_account.id'], name=op.f('fk_returned_sheet_booked_by_id')),
    sa.ForeignKeyConstraint(['read_by_id'], ['user_account.id'], name=op.f('fk_returned_sheet_read_by_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_returned_sheet'))
    )
    with op.batch_alter_table('returned_sheet', schema=None) as batch_op:
        batch_op.create_index('ix_returned_sheet_batch', ['batch_id'], unique=False)

    op.create_table('stage_account',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('project_id', sa.Integer(), nullable=False),
    sa.Column('as_of', sa.Date(), nullable=False),
    sa.Column('report_id', sa.Integer(), nullable=True),
    sa.Column('state', sa.Enum('待单位财务确认', '待科技局接收', '已接收', '已退回', name='state', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('figures', sa.JSON(), nullable=False),
    sa.Column('bank_balance_fen', sa.BigInteger(), nullable=True),
    sa.Column('difference_note', sa.String(), nullable=True),
    sa.Column('drawn_by_id', sa.Integer(), nullable=True),
    sa.Column('drawn_on', sa.Date(), nullable=False),
    sa.Column('confirmed_by_id', sa.Integer(), nullable=True),
    sa.Column('confirmed_on', sa.Date(), nullable=True),
    sa.Column('accepted_by_id', sa.Integer(), nullable=True),
    sa.Column('accepted_on', sa.Date(), nullable=True),
    sa.Column('note', sa.String(), nullable=True),
    sa.ForeignKeyConstraint(['accepted_by_id'], ['user_account.id'], name=op.f('fk_stage_account_accepted_by_id')),
    sa.ForeignKeyConstraint(['confirmed_by_id'], ['user_account.id'], name=op.f('fk_stage_account_confirmed_by_id')),
    sa.ForeignKeyConstraint(['drawn_by_id'], ['user_account.id'], name=op.f('fk_stage_account_drawn_by_id')),
    sa.ForeignKeyConstraint(['project_id'], ['project.id'], name=op.f('fk_stage_account_project_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['report_id'], ['report.id'], name=op.f('fk_stage_account_report_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_stage_account')),
    sa.UniqueConstraint('report_id', name=op.f('uq_stage_account_report_id'))
    )
    with op.batch_alter_table('stage_account', schema=None) as batch_op:
        batch_op.create_index('ix_stage_account_project', ['project_id', 'as_of'], unique=False)

    op.create_table('tranche_hold',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('agency_id', sa.Integer(), nullable=False),
    sa.Column('project_id', sa.Integer(), nullable=False),
    sa.Column('tranche_id', sa.Integer(), nullable=False),
    sa.Column('rule', sa.String(), nullable=False),
    sa.Column('since', sa.Date(), nullable=False),
    sa.Column('words', sa.String(), nullable=False),
    sa.Column('citation', sa.String(), nullable=False),
    sa.Column('until', sa.Date(), nullable=True),
    sa.Column('released', sa.String(), nullable=True),
    sa.CheckConstraint('until >= since', name=op.f('ck_tranche_hold_until')),
    sa.ForeignKeyConstraint(['agency_id'], ['agency.id'], name=op.f('fk_tranche_hold_agency_id')),
    sa.ForeignKeyConstraint(['project_id'], ['project.id'], name=op.f('fk_tranche_hold_project_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['tranche_id'], ['tranche.id'], name=op.f('fk_tranche_hold_tranche_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_tranche_hold')),
    sa.UniqueConstraint('tranche_id', 'rule', 'since', name=op.f('uq_tranche_hold_tranche_id_rule_since'))
    )
    with op.batch_alter_table('tranche_hold', schema=None) as batch_op:
        batch_op.create_index('ix_tranche_hold_open', ['agency_id', 'until'], unique=False)
        batch_op.create_index(batch_op.f('ix_tranche_hold_project_id'), ['project_id'], unique=False)

    op.create_table('payment_reversal',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('tranche_id', sa.Integer(), nullable=False),
    sa.Column('line_id', sa.Integer(), nullable=False),
    sa.Column('amount_fen', sa.BigInteger(), nullable=False),
    sa.Column('paid_on', sa.Date(), nullable=False),
    sa.Column('voucher', sa.String(), nullable=False),
    sa.Column('reversed_on', sa.Date(), nullable=False),
    sa.Column('reversal_voucher', sa.String(), nullable=False),
    sa.Column('reason', sa.String(), nullable=False),
    sa.Column('reversed_by_id', sa.Integer(), nullable=False),
    sa.CheckConstraint('amount_fen > 0', name=op.f('ck_payment_reversal_amount')),
    sa.ForeignKeyConstraint(['line_id'], ['batch_line.id'], name=op.f('fk_payment_reversal_line_id')),
    sa.ForeignKeyConstraint(['reversed_by_id'], ['user_account.id'], name=op.f('fk_payment_reversal_reversed_by_id')),
    sa.ForeignKeyConstraint(['tranche_id'], ['tranche.id'], name=op.f('fk_payment_reversal_tranche_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_payment_reversal')),
    sa.UniqueConstraint('line_id', name=op.f('uq_payment_reversal_line_id'))
    )
    with op.batch_alter_table('payment_reversal', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_payment_reversal_tranche_id'), ['tranche_id'], unique=False)

    with op.batch_alter_table('batch', schema=None) as batch_op:
        batch_op.add_column(sa.Column('payer', sa.String(), nullable=True))
        batch_op.add_column(sa.Column('layout_id', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('replaces_id', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('ended_by_id', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('ended_on', sa.Date(), nullable=True))
        batch_op.add_column(sa.Column('ended_note', sa.String(), nullable=True))
        batch_op.create_unique_constraint(batch_op.f('uq_batch_replaces_id'), ['replaces_id'])
        batch_op.create_foreign_key(batch_op.f('fk_batch_ended_by_id'), 'user_account', ['ended_by_id'], ['id'])
        batch_op.create_foreign_key(batch_op.f('fk_batch_layout_id'), 'sheet_layout', ['layout_id'], ['id'])
        batch_op.create_foreign_key(batch_op.f('fk_batch_replaces_id'), 'batch', ['replaces_id'], ['id'])

    with op.batch_alter_table('batch_line', schema=None) as batch_op:
        batch_op.add_column(sa.Column('source', SOURCE, nullable=True))
        batch_op.add_column(sa.Column('result', sa.Enum('已拨付', '未拨出', '已作废', '已冲正', name='result', native_enum=False, create_constraint=True, length=32), nullable=True))
        batch_op.add_column(sa.Column('result_on', sa.Date(), nullable=True))
        batch_op.add_column(sa.Column('result_note', sa.String(), nullable=True))
        batch_op.add_column(sa.Column('result_by_id', sa.Integer(), nullable=True))
        batch_op.drop_constraint(batch_op.f('uq_batch_line_tranche_id'), type_='unique')
        batch_op.create_index('ix_batch_line_tranche_id', ['tranche_id'], unique=False)
        batch_op.create_index('uq_batch_line_stands', ['tranche_id'], unique=True, sqlite_where=sa.text("result IS NULL OR result = '已拨付'"), postgresql_where=sa.text("result IS NULL OR result = '已拨付'"))
        batch_op.create_foreign_key(batch_op.f('fk_batch_line_result_by_id'), 'user_account', ['result_by_id'], ['id'])

    op.execute('UPDATE batch SET payer = (SELECT name FROM agency WHERE agency.id = batch.agency_id)')
    op.execute('UPDATE batch_line SET source = (SELECT source FROM batch WHERE batch.id = batch_line.batch_id)')
    op.execute(
        "UPDATE batch_line SET result = '已拨付',"
        ' result_on = (SELECT paid_on FROM payment WHERE payment.tranche_id = batch_line.tranche_id),'
        ' result_by_id = (SELECT booked_by_id FROM payment WHERE payment.tranche_id = batch_line.tranche_id)'
        " WHERE tranche_id IN (SELECT id FROM tranche WHERE state = '已拨付')"
    )
    with op.batch_alter_table('batch_line', schema=None) as batch_op:
        batch_op.alter_column('source', existing_type=SOURCE, nullable=False)

    with op.batch_alter_table('batch', schema=None) as batch_op:
        batch_op.alter_column('payer', existing_type=sa.String(), nullable=False)
        batch_op.drop_constraint(batch_op.f('ck_batch_source'), type_='check')
        batch_op.drop_column('source')

    with op.batch_alter_table('clearing', schema=None) as batch_op:
        batch_op.add_column(sa.Column('kind', sa.Enum('财务清算', '结余处理', name='kind', native_enum=False, create_constraint=True, length=32), server_default='财务清算', nullable=False))
        batch_op.add_column(sa.Column('due_on', sa.Date(), nullable=True))
        batch_op.add_column(sa.Column('confirmed_by_id', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('confirmed_on', sa.Date(), nullable=True))
        batch_op.create_foreign_key(batch_op.f('fk_clearing_confirmed_by_id'), 'user_account', ['confirmed_by_id'], ['id'])



def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table('payment_reversal', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_payment_reversal_tranche_id'))

    op.drop_table('payment_reversal')

    with op.batch_alter_table('clearing', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_clearing_confirmed_by_id'), type_='foreignkey')
        batch_op.drop_column('confirmed_on')
        batch_op.drop_column('confirmed_by_id')
        batch_op.drop_column('due_on')
        batch_op.drop_constraint(batch_op.f('ck_clearing_kind'), type_='check')
        batch_op.drop_column('kind')

    with op.batch_alter_table('batch', schema=None) as batch_op:
        batch_op.add_column(sa.Column('source', SOURCE, nullable=True))

    op.execute('UPDATE batch SET source = (SELECT min(source) FROM batch_line WHERE batch_line.batch_id = batch.id)')
    op.execute("UPDATE batch SET source = '区（县）级财政' WHERE source IS NULL")
    op.execute("DELETE FROM batch_line WHERE result IN ('未拨出', '已作废', '已冲正')")
    with op.batch_alter_table('batch', schema=None) as batch_op:
        batch_op.alter_column('source', existing_type=SOURCE, nullable=False)

    with op.batch_alter_table('batch_line', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_batch_line_result_by_id'), type_='foreignkey')
        batch_op.drop_index('uq_batch_line_stands', sqlite_where=sa.text("result IS NULL OR result = '已拨付'"), postgresql_where=sa.text("result IS NULL OR result = '已拨付'"))
        batch_op.drop_index('ix_batch_line_tranche_id')
        batch_op.create_unique_constraint(batch_op.f('uq_batch_line_tranche_id'), ['tranche_id'])
        batch_op.drop_column('result_by_id')
        batch_op.drop_column('result_note')
        batch_op.drop_column('result_on')
        batch_op.drop_constraint(batch_op.f('ck_batch_line_result'), type_='check')
        batch_op.drop_column('result')
        batch_op.drop_constraint(batch_op.f('ck_batch_line_source'), type_='check')
        batch_op.drop_column('source')

    with op.batch_alter_table('batch', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_batch_replaces_id'), type_='foreignkey')
        batch_op.drop_constraint(batch_op.f('fk_batch_layout_id'), type_='foreignkey')
        batch_op.drop_constraint(batch_op.f('fk_batch_ended_by_id'), type_='foreignkey')
        batch_op.drop_constraint(batch_op.f('uq_batch_replaces_id'), type_='unique')
        batch_op.drop_column('ended_note')
        batch_op.drop_column('ended_on')
        batch_op.drop_column('ended_by_id')
        batch_op.drop_column('replaces_id')
        batch_op.drop_column('layout_id')
        batch_op.drop_column('payer')

    with op.batch_alter_table('tranche_hold', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_tranche_hold_project_id'))
        batch_op.drop_index('ix_tranche_hold_open')

    op.drop_table('tranche_hold')
    with op.batch_alter_table('stage_account', schema=None) as batch_op:
        batch_op.drop_index('ix_stage_account_project')

    op.drop_table('stage_account')
    with op.batch_alter_table('returned_sheet', schema=None) as batch_op:
        batch_op.drop_index('ix_returned_sheet_batch')

    op.drop_table('returned_sheet')
    op.drop_table('disallowed_line')
    with op.batch_alter_table('clearing_return', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_clearing_return_clearing_id'))

    op.drop_table('clearing_return')
    with op.batch_alter_table('sheet_layout', schema=None) as batch_op:
        batch_op.drop_index('ix_sheet_layout_agency')

    op.drop_table('sheet_layout')
    with op.batch_alter_table('reconciliation', schema=None) as batch_op:
        batch_op.drop_index('ix_reconciliation_agency')

    op.drop_table('reconciliation')
    op.drop_table('payer')
    _allow(ROLES, TURNS)
