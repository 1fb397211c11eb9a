"""Duties of whose turn it is, choices of persons, receipts of notices

Turns that are over are kept from now on; an older program knows only open ones, so they go on the way down,
and so does what was told of notices or that nobody could be told: it would tell the older program of nothing it
knows. Like every migration here it takes back what only it can hold, without asking.

Revision: 0010, after 0009
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None

WAYS = ('站内消息', '电子邮件', '钉钉', '企业微信', '飞书')
NO_WAY = '无可用方式'
ONE_OF = ' + '.join(f'(CASE WHEN {of}_id IS NULL THEN 0 ELSE 1 END)' for of in ('reminder', 'notice', 'turn')) + ' = 1'
TURNS = ('agreement', 'report', 'change', 'inspection', 'measure', 'integrity', 'acceptance', 'clearing', 'review', 'account')
ROLES = ('handler', 'approver', 'finance', 'pi', 'unit_manager', 'unit_finance', 'joint_unit', 'expert', 'auditor', 'admin')

NAME_DUTIES = (
    "UPDATE turn SET duty = (SELECT CASE report.kind WHEN '年度报告' THEN 'annual-report/' ELSE 'stage-report/' END"
    " || report.subject FROM report WHERE report.id = turn.ref_id AND report.kind <> '重大事项报告')"
    " WHERE kind = 'report' AND role IN ('pi', 'unit_manager')",
    "UPDATE turn SET duty = CASE WHEN role = 'pi' OR words = '确认验收申请' THEN 'acceptance-application-within/'"
    " ELSE 'conclusion-within/' END WHERE kind = 'acceptance' AND role IN ('pi', 'unit_manager', 'handler', 'approver')"
    " AND NOT EXISTS (SELECT 1 FROM acceptance_case WHERE acceptance_case.id = turn.ref_id AND acceptance_case.state = '待备案')",
    "DELETE FROM turn WHERE kind = 'measure' AND role = 'pi' AND EXISTS (SELECT 1 FROM turn AS other"
    " WHERE other.kind = 'measure' AND other.ref_id = turn.ref_id AND other.role = 'unit_manager')",
    "UPDATE turn SET also = 'pi', duty = (SELECT 'rectification/' || measure.number FROM measure"
    " WHERE measure.id = turn.ref_id) WHERE kind = 'measure' AND role = 'unit_manager'",
)
"""What waits already is told once, too: by the duty that speaks of it, and of what either of two may do to both."""


def _role() -> sa.Enum:
    return sa.Enum(*ROLES, name='also', native_enum=False, create_constraint=True, length=32)


def _allow_turns(*kinds: str) -> None:
    names = ', '.join(f"'{kind}'" for kind in kinds)
    with op.batch_alter_table('turn', schema=None) as batch_op:
        batch_op.drop_constraint(op.f('ck_turn_kind'), type_='check')
        batch_op.create_check_constraint(op.f('ck_turn_kind'), f'kind IN ({names})')


def _let_ways_be(*ways: str) -> None:
    names = ', '.join(f"'{way}'" for way in ways)
    for table in ('telling', 'outbox_message', 'robot'):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_constraint(op.f(f'ck_{table}_channel'), type_='check')
            batch_op.create_check_constraint(op.f(f'ck_{table}_channel'), f'channel IN ({names})')


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table('kept_duty', schema=None) as batch_op:
        batch_op.add_column(sa.Column('user_id', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('not_user_id', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('path', sa.String(), nullable=True))
        batch_op.add_column(sa.Column('asked_by', sa.String(), nullable=True))
        batch_op.add_column(sa.Column('also', _role(), nullable=True))
        batch_op.add_column(sa.Column('speaks_of', sa.String(), nullable=True))
        batch_op.create_foreign_key(batch_op.f('fk_kept_duty_not_user_id'), 'user_account', ['not_user_id'], ['id'], ondelete='SET NULL')
        batch_op.create_foreign_key(batch_op.f('fk_kept_duty_user_id'), 'user_account', ['user_id'], ['id'], ondelete='SET NULL')
        batch_op.create_index('ix_kept_duty_user', ['user_id'], unique=False, sqlite_where=sa.text('user_id IS NOT NULL'), postgresql_where=sa.text('user_id IS NOT NULL'))

    with op.batch_alter_table('paper_notice', schema=None) as batch_op:
        batch_op.add_column(sa.Column('received_by_id', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('mark', sa.String(), nullable=True))
        batch_op.create_foreign_key(batch_op.f('fk_paper_notice_received_by_id'), 'user_account', ['received_by_id'], ['id'])

    with op.batch_alter_table('person_choice', schema=None) as batch_op:
        batch_op.add_column(sa.Column('mail_ahead', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('programmes', sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column('deputy_id', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('deputy_from', sa.Date(), nullable=True))
        batch_op.add_column(sa.Column('deputy_until', sa.Date(), nullable=True))
        batch_op.create_foreign_key(batch_op.f('fk_person_choice_deputy_id'), 'user_account', ['deputy_id'], ['id'], ondelete='SET NULL')

    with op.batch_alter_table('turn', schema=None) as batch_op:
        batch_op.add_column(sa.Column('also', _role(), nullable=True))
        batch_op.add_column(sa.Column('duty', sa.String(), nullable=True))
        batch_op.add_column(sa.Column('duty_rule', sa.String(), nullable=True))
        batch_op.add_column(sa.Column('duty_subject', sa.String(), nullable=True))
        batch_op.add_column(sa.Column('done_on', sa.Date(), nullable=True))
        batch_op.drop_index(batch_op.f('ix_turn_role'))
        batch_op.create_index('ix_turn_role', ['agency_id', 'role', 'done_on', 'since'], unique=False)
        batch_op.drop_index(batch_op.f('ix_turn_user'))
        batch_op.create_index('ix_turn_user', ['user_id', 'agency_id', 'done_on'], unique=False)

    with op.batch_alter_table('outbox_message', schema=None) as batch_op:
        batch_op.add_column(sa.Column('since', sa.DateTime(), nullable=True))

    for statement in NAME_DUTIES:
        op.execute(sa.text(statement))
    _allow_turns(*TURNS, 'notice')
    _let_ways_be(*WAYS, NO_WAY)
    unheard = sa.text(f"channel = '{NO_WAY}'")
    with op.batch_alter_table('telling', schema=None) as batch_op:
        batch_op.alter_column('reminder_id', existing_type=sa.Integer(), nullable=True)
        batch_op.add_column(sa.Column('notice_id', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('turn_id', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('told_on', sa.Date(), nullable=True))
        batch_op.add_column(sa.Column('voided', sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column('message_id', sa.Integer(), nullable=True))
        batch_op.create_foreign_key(batch_op.f('fk_telling_notice_id'), 'paper_notice', ['notice_id'], ['id'], ondelete='CASCADE')
        batch_op.create_foreign_key(batch_op.f('fk_telling_turn_id'), 'turn', ['turn_id'], ['id'], ondelete='CASCADE')
        batch_op.create_foreign_key(batch_op.f('fk_telling_message_id'), 'inbox_message', ['message_id'], ['id'])
        batch_op.create_check_constraint(batch_op.f('ck_telling_of'), ONE_OF)
        batch_op.create_index('ix_telling_unheard', ['agency_id', 'reminder_id'], unique=False, sqlite_where=unheard, postgresql_where=unheard)
        for of in ('notice', 'turn', 'message'):
            there = sa.text(f'{of}_id IS NOT NULL')
            batch_op.create_index(f'ix_telling_{of}', [f'{of}_id'], unique=False, sqlite_where=there, postgresql_where=there)


def downgrade() -> None:
    """Take back."""
    op.execute(sa.text(f"DELETE FROM telling WHERE channel = '{NO_WAY}' OR reminder_id IS NULL"))
    with op.batch_alter_table('telling', schema=None) as batch_op:
        batch_op.drop_index('ix_telling_message')
        batch_op.drop_index('ix_telling_turn')
        batch_op.drop_index('ix_telling_notice')
        batch_op.drop_index('ix_telling_unheard')
        batch_op.drop_constraint(batch_op.f('ck_telling_of'), type_='check')
        batch_op.drop_constraint(batch_op.f('fk_telling_message_id'), type_='foreignkey')
        batch_op.drop_constraint(batch_op.f('fk_telling_turn_id'), type_='foreignkey')
        batch_op.drop_constraint(batch_op.f('fk_telling_notice_id'), type_='foreignkey')
        batch_op.drop_column('message_id')
        batch_op.drop_column('voided')
        batch_op.drop_column('told_on')
        batch_op.drop_column('turn_id')
        batch_op.drop_column('notice_id')
        batch_op.alter_column('reminder_id', existing_type=sa.Integer(), nullable=False)
    _let_ways_be(*WAYS)
    with op.batch_alter_table('outbox_message', schema=None) as batch_op:
        batch_op.drop_column('since')

    op.execute(sa.text("DELETE FROM turn WHERE done_on IS NOT NULL OR kind = 'notice'"))
    _allow_turns(*TURNS)
    with op.batch_alter_table('turn', schema=None) as batch_op:
        batch_op.drop_index('ix_turn_user')
        batch_op.create_index(batch_op.f('ix_turn_user'), ['user_id', 'agency_id'], unique=False)
        batch_op.drop_index('ix_turn_role')
        batch_op.create_index(batch_op.f('ix_turn_role'), ['agency_id', 'role', 'since'], unique=False)
        batch_op.drop_column('done_on')
        batch_op.drop_column('duty_subject')
        batch_op.drop_column('duty_rule')
        batch_op.drop_column('duty')
        batch_op.drop_constraint(batch_op.f('ck_turn_also'), type_='check')
        batch_op.drop_column('also')

    with op.batch_alter_table('person_choice', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_person_choice_deputy_id'), type_='foreignkey')
        batch_op.drop_column('deputy_until')
        batch_op.drop_column('deputy_from')
        batch_op.drop_column('deputy_id')
        batch_op.drop_column('programmes')
        batch_op.drop_column('mail_ahead')

    with op.batch_alter_table('paper_notice', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_paper_notice_received_by_id'), type_='foreignkey')
        batch_op.drop_column('mark')
        batch_op.drop_column('received_by_id')

    with op.batch_alter_table('kept_duty', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_kept_duty_not_user_id'), type_='foreignkey')
        batch_op.drop_index('ix_kept_duty_user', sqlite_where=sa.text('user_id IS NOT NULL'), postgresql_where=sa.text('user_id IS NOT NULL'))
        batch_op.drop_constraint(batch_op.f('fk_kept_duty_user_id'), type_='foreignkey')
        batch_op.drop_column('asked_by')
        batch_op.drop_column('speaks_of')
        batch_op.drop_constraint(batch_op.f('ck_kept_duty_also'), type_='check')
        batch_op.drop_column('also')
        batch_op.drop_column('path')
        batch_op.drop_column('not_user_id')
        batch_op.drop_column('user_id')

