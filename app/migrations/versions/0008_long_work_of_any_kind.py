"""Long work of any kind

Uploads are transient: what somebody was at when the program was upgraded is begun again.

Revision: 0008, after 0007
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


STATE = sa.Enum('going', 'done', 'refused', 'failed', name='state', native_enum=False, create_constraint=True, length=32)


def upgrade() -> None:
    """Apply."""
    op.create_table('long_work',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('agency_id', sa.Integer(), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('digest', sa.String(), nullable=False),
    sa.Column('mark', sa.String(), nullable=False),
    sa.Column('parameters', sa.JSON(), nullable=False),
    sa.Column('state', STATE, nullable=False),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.Column('changed_at', sa.DateTime(), nullable=False),
    sa.Column('message', sa.String(), nullable=True),
    sa.Column('result', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['agency_id'], ['agency.id'], name=op.f('fk_long_work_agency_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['user_id'], ['user_account.id'], name=op.f('fk_long_work_user_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_long_work')),
    sa.UniqueConstraint('key', name=op.f('uq_long_work_key'))
    )
    with op.batch_alter_table('long_work', schema=None) as batch_op:
        batch_op.create_index('ix_long_work_person', ['agency_id', 'user_id'], unique=False)

    with op.batch_alter_table('ledger_upload', schema=None) as batch_op:
        batch_op.drop_index('ix_ledger_upload_person')
    op.drop_table('ledger_upload')


def downgrade() -> None:
    """Take back."""
    op.create_table('ledger_upload',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('agency_id', sa.Integer(), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(), nullable=False),
    sa.Column('file_name', sa.String(), nullable=False),
    sa.Column('digest', sa.String(), nullable=False),
    sa.Column('as_of', sa.Date(), nullable=False),
    sa.Column('step', sa.Enum('check', 'import', name='step', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('state', STATE, nullable=False),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.Column('changed_at', sa.DateTime(), nullable=False),
    sa.Column('message', sa.String(), nullable=True),
    sa.Column('result', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['agency_id'], ['agency.id'], name=op.f('fk_ledger_upload_agency_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['user_id'], ['user_account.id'], name=op.f('fk_ledger_upload_user_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ledger_upload')),
    sa.UniqueConstraint('key', name=op.f('uq_ledger_upload_key'))
    )
    with op.batch_alter_table('ledger_upload', schema=None) as batch_op:
        batch_op.create_index('ix_ledger_upload_person', ['agency_id', 'user_id'], unique=False)

    with op.batch_alter_table('long_work', schema=None) as batch_op:
        batch_op.drop_index('ix_long_work_person')
    op.drop_table('long_work')
