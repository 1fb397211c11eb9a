"""What an attachment belongs to, what it is, and when it was taken away

Revision: 0003, after 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table('attachment', schema=None) as batch_op:
        batch_op.add_column(sa.Column('subject_kind', sa.String(), server_default='project', nullable=False))
        batch_op.add_column(sa.Column('subject_id', sa.Integer(), server_default='0', nullable=False))
        batch_op.add_column(sa.Column('title', sa.String(), server_default=sa.text("''"), nullable=False))
        batch_op.add_column(sa.Column('removed_on', sa.Date(), nullable=True))
        batch_op.add_column(sa.Column('removed_by_id', sa.Integer(), nullable=True))
        batch_op.create_foreign_key(batch_op.f('fk_attachment_removed_by_id'), 'user_account', ['removed_by_id'], ['id'])
        batch_op.create_index('ix_attachment_subject', ['project_id', 'subject_kind', 'subject_id'], unique=False)


def downgrade() -> None:
    """Undo."""
    with op.batch_alter_table('attachment', schema=None) as batch_op:
        batch_op.drop_index('ix_attachment_subject')
        batch_op.drop_constraint(batch_op.f('fk_attachment_removed_by_id'), type_='foreignkey')
        batch_op.drop_column('removed_by_id')
        batch_op.drop_column('removed_on')
        batch_op.drop_column('title')
        batch_op.drop_column('subject_id')
        batch_op.drop_column('subject_kind')
