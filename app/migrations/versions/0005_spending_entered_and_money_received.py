"""Spending entered in Keguan, money that has arrived, and separate accounts

Revision: 0005, after 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        'separate_account',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('project_id', sa.Integer(), nullable=False),
        sa.Column('kept', sa.Boolean(), nullable=False),
        sa.Column('account', sa.String(), nullable=False),
        sa.Column('stated_by_id', sa.Integer(), nullable=True),
        sa.Column('stated_on', sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(['project_id'], ['project.id'], name=op.f('fk_separate_account_project_id'), ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['stated_by_id'], ['user_account.id'], name=op.f('fk_separate_account_stated_by_id')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_separate_account')),
        sa.UniqueConstraint('project_id', name=op.f('uq_separate_account_project_id')),
    )
    with op.batch_alter_table('payment', schema=None) as batch_op:
        batch_op.add_column(sa.Column('received_on', sa.Date(), nullable=True))
        batch_op.add_column(sa.Column('received_by_id', sa.Integer(), nullable=True))
        batch_op.create_foreign_key(batch_op.f('fk_payment_received_by_id'), 'user_account', ['received_by_id'], ['id'])
    with op.batch_alter_table('spending', schema=None) as batch_op:
        batch_op.add_column(sa.Column('reversal_of_id', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('entered_by_id', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('entered_at', sa.DateTime(), nullable=True))
        batch_op.create_foreign_key(batch_op.f('fk_spending_reversal_of_id'), 'spending', ['reversal_of_id'], ['id'])
        batch_op.create_foreign_key(batch_op.f('fk_spending_entered_by_id'), 'user_account', ['entered_by_id'], ['id'])
        batch_op.create_unique_constraint(batch_op.f('uq_spending_reversal_of_id'), ['reversal_of_id'])
        batch_op.create_index('ix_spending_voucher', ['project_id', 'voucher'], unique=False)


def downgrade() -> None:
    """Undo."""
    with op.batch_alter_table('spending', schema=None) as batch_op:
        batch_op.drop_index('ix_spending_voucher')
        batch_op.drop_constraint(batch_op.f('uq_spending_reversal_of_id'), type_='unique')
        batch_op.drop_constraint(batch_op.f('fk_spending_entered_by_id'), type_='foreignkey')
        batch_op.drop_constraint(batch_op.f('fk_spending_reversal_of_id'), type_='foreignkey')
        batch_op.drop_column('entered_at')
        batch_op.drop_column('entered_by_id')
        batch_op.drop_column('reversal_of_id')
    with op.batch_alter_table('payment', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_payment_received_by_id'), type_='foreignkey')
        batch_op.drop_column('received_by_id')
        batch_op.drop_column('received_on')
    op.drop_table('separate_account')
