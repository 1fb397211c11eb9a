"""What the clock tells and what agencies set

Revision: 0007, after 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


CHANNEL = sa.Enum('站内消息', '电子邮件', '钉钉', '企业微信', '飞书', name='channel', native_enum=False, create_constraint=True, length=32)


def upgrade() -> None:
    """Apply."""
    op.create_table('agency_setting',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('agency_id', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(), nullable=False),
    sa.Column('value', sa.JSON(), nullable=False),
    sa.Column('set_by_id', sa.Integer(), nullable=True),
    sa.Column('set_on', sa.Date(), nullable=False),
    sa.ForeignKeyConstraint(['agency_id'], ['agency.id'], name=op.f('fk_agency_setting_agency_id')),
    sa.ForeignKeyConstraint(['set_by_id'], ['user_account.id'], name=op.f('fk_agency_setting_set_by_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_agency_setting')),
    sa.UniqueConstraint('agency_id', 'key', name=op.f('uq_agency_setting_agency_id_key'))
    )
    op.create_table('bounced_address',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('agency_id', sa.Integer(), nullable=False),
    sa.Column('address', sa.String(), nullable=False),
    sa.Column('error', sa.String(), nullable=False),
    sa.Column('since', sa.DateTime(), nullable=False),
    sa.ForeignKeyConstraint(['agency_id'], ['agency.id'], name=op.f('fk_bounced_address_agency_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_bounced_address')),
    sa.UniqueConstraint('agency_id', 'address', name=op.f('uq_bounced_address_agency_id_address'))
    )
    op.create_table('calendar_day',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('agency_id', sa.Integer(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('working', sa.Boolean(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('loaded_by_id', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['agency_id'], ['agency.id'], name=op.f('fk_calendar_day_agency_id')),
    sa.ForeignKeyConstraint(['loaded_by_id'], ['user_account.id'], name=op.f('fk_calendar_day_loaded_by_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_calendar_day')),
    sa.UniqueConstraint('agency_id', 'day', name=op.f('uq_calendar_day_agency_id_day'))
    )
    op.create_table('calendar_feed',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=False),
    sa.Column('agency_id', sa.Integer(), nullable=False),
    sa.Column('digest', sa.String(), nullable=False),
    sa.Column('made_at', sa.DateTime(), nullable=False),
    sa.ForeignKeyConstraint(['agency_id'], ['agency.id'], name=op.f('fk_calendar_feed_agency_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['user_id'], ['user_account.id'], name=op.f('fk_calendar_feed_user_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_calendar_feed')),
    sa.UniqueConstraint('digest', name=op.f('uq_calendar_feed_digest')),
    sa.UniqueConstraint('user_id', 'agency_id', name=op.f('uq_calendar_feed_user_id_agency_id'))
    )
    op.create_table('person_choice',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=False),
    sa.Column('agency_id', sa.Integer(), nullable=False),
    sa.Column('by_mail', sa.Boolean(), server_default=sa.true(), nullable=False),
    sa.ForeignKeyConstraint(['agency_id'], ['agency.id'], name=op.f('fk_person_choice_agency_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['user_id'], ['user_account.id'], name=op.f('fk_person_choice_user_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_person_choice')),
    sa.UniqueConstraint('user_id', 'agency_id', name=op.f('uq_person_choice_user_id_agency_id'))
    )
    op.create_table('robot',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('agency_id', sa.Integer(), nullable=False),
    sa.Column('channel', CHANNEL, nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('url', sa.String(), nullable=False),
    sa.Column('secret', sa.String(), nullable=True),
    sa.Column('active', sa.Boolean(), server_default=sa.true(), nullable=False),
    sa.Column('last_error', sa.String(), nullable=True),
    sa.Column('last_sent_at', sa.DateTime(), nullable=True),
    sa.Column('made_by_id', sa.Integer(), nullable=True),
    sa.Column('made_on', sa.Date(), nullable=False),
    sa.ForeignKeyConstraint(['agency_id'], ['agency.id'], name=op.f('fk_robot_agency_id')),
    sa.ForeignKeyConstraint(['made_by_id'], ['user_account.id'], name=op.f('fk_robot_made_by_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_robot'))
    )
    with op.batch_alter_table('robot', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_robot_agency_id'), ['agency_id'], unique=False)

    op.create_table('paper_notice',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('agency_id', sa.Integer(), nullable=False),
    sa.Column('project_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.Enum('提醒通知', '催办通知', '整改通知', '暂缓拨付通知', '终止建议', name='kind', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('year', sa.Integer(), nullable=False),
    sa.Column('running', sa.Integer(), nullable=False),
    sa.Column('rule', sa.String(), nullable=True),
    sa.Column('subject', sa.String(), nullable=True),
    sa.Column('due', sa.Date(), nullable=True),
    sa.Column('measure_number', sa.BigInteger(), nullable=True),
    sa.Column('content', sa.JSON(), nullable=False),
    sa.Column('drawn_by_id', sa.Integer(), nullable=False),
    sa.Column('drawn_on', sa.Date(), nullable=False),
    sa.Column('sent_on', sa.Date(), nullable=True),
    sa.Column('sent_by', sa.String(), nullable=True),
    sa.Column('received_on', sa.Date(), nullable=True),
    sa.Column('received_by', sa.String(), nullable=True),
    sa.Column('void_on', sa.Date(), nullable=True),
    sa.Column('void_note', sa.String(), nullable=True),
    sa.ForeignKeyConstraint(['agency_id'], ['agency.id'], name=op.f('fk_paper_notice_agency_id')),
    sa.ForeignKeyConstraint(['drawn_by_id'], ['user_account.id'], name=op.f('fk_paper_notice_drawn_by_id')),
    sa.ForeignKeyConstraint(['project_id'], ['project.id'], name=op.f('fk_paper_notice_project_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_paper_notice')),
    sa.UniqueConstraint('agency_id', 'year', 'running', name=op.f('uq_paper_notice_agency_id_year_running'))
    )
    with op.batch_alter_table('paper_notice', schema=None) as batch_op:
        batch_op.create_index('ix_paper_notice_project', ['project_id'], unique=False)

    op.create_table('telling',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('agency_id', sa.Integer(), nullable=False),
    sa.Column('run', sa.String(), nullable=False),
    sa.Column('reminder_id', sa.Integer(), nullable=False),
    sa.Column('channel', CHANNEL, nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=True),
    sa.Column('address', sa.String(), nullable=False),
    sa.Column('letter_id', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['agency_id'], ['agency.id'], name=op.f('fk_telling_agency_id')),
    sa.ForeignKeyConstraint(['letter_id'], ['outbox_message.id'], name=op.f('fk_telling_letter_id')),
    sa.ForeignKeyConstraint(['reminder_id'], ['reminder.id'], name=op.f('fk_telling_reminder_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['user_id'], ['user_account.id'], name=op.f('fk_telling_user_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_telling')),
    sa.UniqueConstraint('reminder_id', 'channel', 'address', name=op.f('uq_telling_reminder_id_channel_address'))
    )
    with op.batch_alter_table('telling', schema=None) as batch_op:
        batch_op.create_index('ix_telling_letter', ['letter_id'], unique=False)
        batch_op.create_index('ix_telling_run', ['run'], unique=False)
        batch_op.create_index('ix_telling_user', ['user_id', 'agency_id'], unique=False)

    with op.batch_alter_table('agency', schema=None) as batch_op:
        batch_op.add_column(sa.Column('kept_by', sa.String(), server_default=sa.text("''"), nullable=False))

    with op.batch_alter_table('job_run', schema=None) as batch_op:
        batch_op.add_column(sa.Column('attempts', sa.Integer(), server_default=sa.text('1'), nullable=False))

    with op.batch_alter_table('outbox_message', schema=None) as batch_op:
        batch_op.add_column(sa.Column('channel', CHANNEL, server_default='电子邮件', nullable=False))
        batch_op.add_column(sa.Column('run', sa.String(), nullable=True))
        batch_op.drop_constraint(batch_op.f('uq_outbox_message_reminder_id_address'), type_='unique')
        batch_op.drop_constraint(batch_op.f('fk_outbox_message_reminder_id'), type_='foreignkey')
        batch_op.drop_column('reminder_id')
        batch_op.create_index('ix_outbox_message_run', ['run'], unique=False)



def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table('outbox_message', schema=None) as batch_op:
        batch_op.add_column(sa.Column('reminder_id', sa.INTEGER(), nullable=True))
        batch_op.create_foreign_key(batch_op.f('fk_outbox_message_reminder_id'), 'reminder', ['reminder_id'], ['id'], ondelete='CASCADE')
        batch_op.create_unique_constraint(batch_op.f('uq_outbox_message_reminder_id_address'), ['reminder_id', 'address'])
        batch_op.drop_index('ix_outbox_message_run')
        batch_op.drop_column('run')
        batch_op.drop_constraint(batch_op.f('ck_outbox_message_channel'), type_='check')
        batch_op.drop_column('channel')

    with op.batch_alter_table('job_run', schema=None) as batch_op:
        batch_op.drop_column('attempts')

    with op.batch_alter_table('agency', schema=None) as batch_op:
        batch_op.drop_column('kept_by')

    with op.batch_alter_table('telling', schema=None) as batch_op:
        batch_op.drop_index('ix_telling_user')
        batch_op.drop_index('ix_telling_run')
        batch_op.drop_index('ix_telling_letter')

    op.drop_table('telling')
    with op.batch_alter_table('paper_notice', schema=None) as batch_op:
        batch_op.drop_index('ix_paper_notice_project')

    op.drop_table('paper_notice')
    with op.batch_alter_table('robot', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_robot_agency_id'))

    op.drop_table('robot')
    op.drop_table('person_choice')
    op.drop_table('calendar_feed')
    op.drop_table('calendar_day')
    op.drop_table('bounced_address')
    op.drop_table('agency_setting')
