"""The first schema

Revision: 0001, after 
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table('agency',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('revision', sa.Integer(), server_default=sa.text('0'), nullable=False),
    sa.Column('is_demo', sa.Boolean(), server_default=sa.false(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_agency')),
    sa.UniqueConstraint('name', name=op.f('uq_agency_name'))
    )
    op.create_table('job_run',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('job', sa.String(), nullable=False),
    sa.Column('slot', sa.String(), nullable=False),
    sa.Column('started_at', sa.DateTime(), nullable=False),
    sa.Column('finished_at', sa.DateTime(), nullable=True),
    sa.Column('outcome', sa.String(), nullable=True),
    sa.Column('failed', sa.Boolean(), server_default=sa.false(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_job_run')),
    sa.UniqueConstraint('job', 'slot', name=op.f('uq_job_run_job_slot'))
    )
    op.create_table('sign_in_tries',
    sa.Column('username', sa.String(), nullable=False),
    sa.Column('failures', sa.Integer(), server_default=sa.text('0'), nullable=False),
    sa.Column('last_at', sa.DateTime(), nullable=False),
    sa.PrimaryKeyConstraint('username', name=op.f('pk_sign_in_tries'))
    )
    with op.batch_alter_table('sign_in_tries', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_sign_in_tries_last_at'), ['last_at'], unique=False)

    op.create_table('user_account',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('username', sa.String(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('email', sa.String(), nullable=True),
    sa.Column('password_hash', sa.String(), nullable=False),
    sa.Column('must_change_password', sa.Boolean(), server_default=sa.false(), nullable=False),
    sa.Column('is_active', sa.Boolean(), server_default=sa.true(), nullable=False),
    sa.Column('session_stamp', sa.String(), nullable=False),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_user_account')),
    sa.UniqueConstraint('username', name=op.f('uq_user_account_username'))
    )
    op.create_table('batch',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('agency_id', sa.Integer(), nullable=False),
    sa.Column('year', sa.Integer(), nullable=False),
    sa.Column('running', sa.Integer(), nullable=False),
    sa.Column('source', sa.Enum('省（市）级财政', '区（县）级财政', '联合实施单位', '自筹', name='source', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('state', sa.Enum('编制中', '已出表', '已登记', '已作废', name='state', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('made_by_id', sa.Integer(), nullable=False),
    sa.Column('made_on', sa.Date(), nullable=False),
    sa.Column('issued_by_id', sa.Integer(), nullable=True),
    sa.Column('issued_on', sa.Date(), nullable=True),
    sa.Column('checksum', sa.String(), nullable=True),
    sa.Column('sheet', sa.LargeBinary(), nullable=True),
    sa.CheckConstraint('running >= 1', name=op.f('ck_batch_running')),
    sa.ForeignKeyConstraint(['agency_id'], ['agency.id'], name=op.f('fk_batch_agency_id')),
    sa.ForeignKeyConstraint(['issued_by_id'], ['user_account.id'], name=op.f('fk_batch_issued_by_id')),
    sa.ForeignKeyConstraint(['made_by_id'], ['user_account.id'], name=op.f('fk_batch_made_by_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_batch')),
    sa.UniqueConstraint('agency_id', 'year', 'running', name=op.f('uq_batch_agency_id_year_running'))
    )
    with op.batch_alter_table('batch', schema=None) as batch_op:
        batch_op.create_index('ix_batch_state', ['agency_id', 'state'], unique=False)

    op.create_table('ledger_upload',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('agency_id', sa.Integer(), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(), nullable=False),
    sa.Column('file_name', sa.String(), nullable=False),
    sa.Column('digest', sa.String(), nullable=False),
    sa.Column('as_of', sa.Date(), nullable=False),
    sa.Column('step', sa.Enum('check', 'import', name='step', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('state', sa.Enum('going', 'done', 'refused', 'failed', name='state', native_enum=False, create_constraint=True, length=32), nullable=False),
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

    op.create_table('membership',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=False),
    sa.Column('agency_id', sa.Integer(), nullable=False),
    sa.Column('role', sa.Enum('handler', 'approver', 'finance', 'pi', 'unit_manager', 'joint_unit', 'expert', 'auditor', 'admin', name='role', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('unit', sa.String(), server_default=sa.text("('')"), nullable=False),
    sa.ForeignKeyConstraint(['agency_id'], ['agency.id'], name=op.f('fk_membership_agency_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['user_id'], ['user_account.id'], name=op.f('fk_membership_user_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_membership')),
    sa.UniqueConstraint('user_id', 'agency_id', 'role', 'unit', name=op.f('uq_membership_user_id_agency_id_role_unit'))
    )
    with op.batch_alter_table('membership', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_membership_agency_id'), ['agency_id'], unique=False)

    op.create_table('project',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('agency_id', sa.Integer(), nullable=False),
    sa.Column('number', sa.String(), nullable=False),
    sa.Column('title', sa.String(), nullable=False),
    sa.Column('programme', sa.String(), nullable=False),
    sa.Column('nature', sa.Enum('创新研发', '成果转化及应用示范', name='nature', native_enum=False, create_constraint=True, length=32), nullable=True),
    sa.Column('lead_unit', sa.String(), nullable=False),
    sa.Column('lead_unit_type', sa.Enum('企业', '高等院校', '科研院所', '医疗卫生机构', '其他', name='lead_unit_type', native_enum=False, create_constraint=True, length=32), nullable=True),
    sa.Column('lead_place', sa.String(), nullable=True),
    sa.Column('pi_name', sa.String(), nullable=False),
    sa.Column('pi_email', sa.String(), nullable=True),
    sa.Column('joint_unit', sa.String(), nullable=True),
    sa.Column('self_established', sa.Boolean(), nullable=False),
    sa.Column('milestone_managed', sa.Boolean(), nullable=False),
    sa.Column('subcategory', sa.Enum('国际大科学计划', '一带一路', '重点国别', '基地平台', '区域合作', name='subcategory', native_enum=False, create_constraint=True, length=32), nullable=True),
    sa.Column('start_on', sa.Date(), nullable=False),
    sa.Column('end_on', sa.Date(), nullable=False),
    sa.Column('original_end_on', sa.Date(), nullable=True),
    sa.Column('signed_on', sa.Date(), nullable=True),
    sa.Column('separate_account', sa.Boolean(), nullable=True),
    sa.Column('requested_fen', sa.BigInteger(), nullable=True),
    sa.Column('provincial_fen', sa.BigInteger(), nullable=False),
    sa.Column('district_fen', sa.BigInteger(), nullable=False),
    sa.Column('joint_fen', sa.BigInteger(), nullable=False),
    sa.Column('own_fen', sa.BigInteger(), nullable=False),
    sa.Column('bank_name', sa.String(), nullable=True),
    sa.Column('bank_account', sa.String(), nullable=True),
    sa.Column('stage', sa.Enum('待签任务书', '实施中', '验收中', '已结题', '未通过', '终止', '清算中', '已清算', '自行验收', '备查', name='stage', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('year', sa.Integer(), nullable=False),
    sa.Column('title_order', sa.String(), nullable=False),
    sa.Column('unit_order', sa.String(), nullable=False),
    sa.Column('fiscal_fen', sa.BigInteger(), nullable=False),
    sa.Column('search_text', sa.String(), nullable=False),
    sa.CheckConstraint('end_on >= start_on', name=op.f('ck_project_period')),
    sa.CheckConstraint('provincial_fen >= 0 AND district_fen >= 0 AND joint_fen >= 0 AND own_fen >= 0', name=op.f('ck_project_funds')),
    sa.ForeignKeyConstraint(['agency_id'], ['agency.id'], name=op.f('fk_project_agency_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_project')),
    sa.UniqueConstraint('agency_id', 'number', name=op.f('uq_project_agency_id_number'))
    )
    with op.batch_alter_table('project', schema=None) as batch_op:
        batch_op.create_index('ix_project_end', ['agency_id', 'end_on', 'id'], unique=False)
        batch_op.create_index('ix_project_facets', ['agency_id', 'programme', 'stage', 'year', 'fiscal_fen'], unique=False)
        batch_op.create_index('ix_project_fiscal', ['agency_id', 'fiscal_fen', 'id'], unique=False)
        batch_op.create_index('ix_project_joint_unit', ['agency_id', 'joint_unit'], unique=False)
        batch_op.create_index('ix_project_lead_unit', ['agency_id', 'lead_unit'], unique=False)
        batch_op.create_index('ix_project_pi', ['agency_id', 'pi_email'], unique=False)
        batch_op.create_index('ix_project_stage', ['agency_id', 'stage', 'number'], unique=False)
        batch_op.create_index('ix_project_title_order', ['agency_id', 'title_order', 'id'], unique=False)
        batch_op.create_index('ix_project_unit_order', ['agency_id', 'unit_order', 'id'], unique=False)

    op.create_table('acceptance',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('project_id', sa.Integer(), nullable=False),
    sa.Column('applied_on', sa.Date(), nullable=True),
    sa.Column('technical', sa.Enum('通过', '不通过', name='technical', native_enum=False, create_constraint=True, length=32), nullable=True),
    sa.Column('financial', sa.Enum('通过', '不通过', name='financial', native_enum=False, create_constraint=True, length=32), nullable=True),
    sa.Column('joint_unit_took_part', sa.Boolean(), nullable=False),
    sa.Column('conference_on', sa.Date(), nullable=True),
    sa.Column('government_on', sa.Date(), nullable=True),
    sa.Column('conclusion', sa.Enum('通过', '未通过', '终止', name='conclusion', native_enum=False, create_constraint=True, length=32), nullable=True),
    sa.Column('concluded_on', sa.Date(), nullable=True),
    sa.Column('own_fault', sa.Boolean(), nullable=False),
    sa.Column('filed_on', sa.Date(), nullable=True),
    sa.Column('platform_filed_on', sa.Date(), nullable=True),
    sa.Column('cleared_on', sa.Date(), nullable=True),
    sa.Column('integrity_on', sa.Date(), nullable=True),
    sa.Column('to_return_fen', sa.BigInteger(), nullable=False),
    sa.Column('returned_fen', sa.BigInteger(), nullable=False),
    sa.Column('goals_met', sa.BigInteger(), nullable=True),
    sa.CheckConstraint('(conclusion IS NULL) = (concluded_on IS NULL)', name=op.f('ck_acceptance_concluded')),
    sa.CheckConstraint('to_return_fen >= 0 AND returned_fen >= 0', name=op.f('ck_acceptance_returns')),
    sa.ForeignKeyConstraint(['project_id'], ['project.id'], name=op.f('fk_acceptance_project_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_acceptance')),
    sa.UniqueConstraint('project_id', name=op.f('uq_acceptance_project_id'))
    )
    op.create_table('annual_report',
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('year', sa.BigInteger(), nullable=False),
    sa.Column('submitted_on', sa.Date(), nullable=True),
    sa.Column('with_accounts', sa.Boolean(), nullable=False),
    sa.Column('to_government_on', sa.Date(), nullable=True),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('project_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['project_id'], ['project.id'], name=op.f('fk_annual_report_project_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_annual_report')),
    sa.UniqueConstraint('project_id', 'year', name=op.f('uq_annual_report_project_id_year'))
    )
    with op.batch_alter_table('annual_report', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_annual_report_project_id'), ['project_id'], unique=False)

    op.create_table('attachment',
    sa.Column('sha256', sa.String(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('media_type', sa.String(), nullable=False),
    sa.Column('size', sa.Integer(), nullable=False),
    sa.Column('uploaded_by_id', sa.Integer(), nullable=True),
    sa.Column('uploaded_at', sa.DateTime(), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('project_id', sa.Integer(), nullable=False),
    sa.CheckConstraint('size >= 0', name=op.f('ck_attachment_size')),
    sa.ForeignKeyConstraint(['project_id'], ['project.id'], name=op.f('fk_attachment_project_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['uploaded_by_id'], ['user_account.id'], name=op.f('fk_attachment_uploaded_by_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_attachment'))
    )
    with op.batch_alter_table('attachment', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_attachment_project_id'), ['project_id'], unique=False)

    op.create_table('audit_entry',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('agency_id', sa.Integer(), nullable=True),
    sa.Column('project_id', sa.Integer(), nullable=True),
    sa.Column('user_id', sa.Integer(), nullable=True),
    sa.Column('actor_name', sa.String(), nullable=False),
    sa.Column('at', sa.DateTime(), nullable=False),
    sa.Column('action', sa.String(), nullable=False),
    sa.Column('summary', sa.String(), nullable=False),
    sa.Column('citation', sa.String(), nullable=True),
    sa.Column('details', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['agency_id'], ['agency.id'], name=op.f('fk_audit_entry_agency_id')),
    sa.ForeignKeyConstraint(['project_id'], ['project.id'], name=op.f('fk_audit_entry_project_id'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['user_id'], ['user_account.id'], name=op.f('fk_audit_entry_user_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_audit_entry'))
    )
    with op.batch_alter_table('audit_entry', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_audit_entry_agency_id'), ['agency_id'], unique=False)
        batch_op.create_index('ix_audit_entry_project', ['project_id', 'id'], unique=False)

    op.create_table('budget_line',
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('source', sa.Enum('省（市）级财政', '区（县）级财政', '联合实施单位', '自筹', name='source', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('use', sa.Enum('设备费', '业务费', '劳务费', '间接费用', name='use', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('amount_fen', sa.BigInteger(), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('project_id', sa.Integer(), nullable=False),
    sa.CheckConstraint('amount_fen >= 0', name=op.f('ck_budget_line_amount')),
    sa.ForeignKeyConstraint(['project_id'], ['project.id'], name=op.f('fk_budget_line_project_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_budget_line')),
    sa.UniqueConstraint('project_id', 'source', 'use', name=op.f('uq_budget_line_project_id_source_use'))
    )
    with op.batch_alter_table('budget_line', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_budget_line_project_id'), ['project_id'], unique=False)

    op.create_table('change',
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('number', sa.BigInteger(), nullable=False),
    sa.Column('kind', sa.Enum('项目名称', '承担单位', '项目负责人', '延期', '考核指标', '经费预算', '研究内容', '项目组成员', '其他', name='kind', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('self_decided', sa.Boolean(), nullable=False),
    sa.Column('applied_on', sa.Date(), nullable=True),
    sa.Column('joint_consent_on', sa.Date(), nullable=True),
    sa.Column('conference_on', sa.Date(), nullable=True),
    sa.Column('approved_on', sa.Date(), nullable=True),
    sa.Column('platform_filed_on', sa.Date(), nullable=True),
    sa.Column('before', sa.String(), nullable=True),
    sa.Column('after', sa.String(), nullable=True),
    sa.Column('approval_number', sa.String(), nullable=True),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('project_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['project_id'], ['project.id'], name=op.f('fk_change_project_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_change')),
    sa.UniqueConstraint('project_id', 'number', name=op.f('uq_change_project_id_number'))
    )
    with op.batch_alter_table('change', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_change_project_id'), ['project_id'], unique=False)

    op.create_table('exception_note',
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('rule', sa.String(), nullable=False),
    sa.Column('subject', sa.String(), nullable=False),
    sa.Column('reason', sa.String(), nullable=False),
    sa.Column('approved_on', sa.Date(), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('project_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['project_id'], ['project.id'], name=op.f('fk_exception_note_project_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_exception_note')),
    sa.UniqueConstraint('project_id', 'rule', 'subject', name=op.f('uq_exception_note_project_id_rule_subject'))
    )
    with op.batch_alter_table('exception_note', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_exception_note_project_id'), ['project_id'], unique=False)

    op.create_table('indicator',
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('category', sa.Enum('技术', '经济效益', '社会效益', name='category', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('direction', sa.Enum('不低于', '不高于', name='direction', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('unit', sa.String(), nullable=True),
    sa.Column('guide_value', sa.String(), nullable=True),
    sa.Column('agreed_value', sa.String(), nullable=True),
    sa.Column('achieved_value', sa.String(), nullable=True),
    sa.Column('guide_number', sa.String(), nullable=True),
    sa.Column('agreed_number', sa.String(), nullable=True),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('project_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['project_id'], ['project.id'], name=op.f('fk_indicator_project_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_indicator')),
    sa.UniqueConstraint('project_id', 'name', name=op.f('uq_indicator_project_id_name'))
    )
    with op.batch_alter_table('indicator', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_indicator_project_id'), ['project_id'], unique=False)

    op.create_table('kept_duty',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('agency_id', sa.Integer(), nullable=False),
    sa.Column('project_id', sa.Integer(), nullable=False),
    sa.Column('rule', sa.String(), nullable=False),
    sa.Column('subject', sa.String(), nullable=False),
    sa.Column('since', sa.Date(), nullable=False),
    sa.Column('due', sa.Date(), nullable=False),
    sa.Column('done_on', sa.Date(), nullable=True),
    sa.Column('closed_on', sa.Date(), nullable=True),
    sa.Column('owner', sa.Enum('handler', 'approver', 'finance', 'pi', 'unit_manager', 'joint_unit', 'expert', 'auditor', 'admin', name='owner', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('message', sa.String(), nullable=False),
    sa.Column('next_step_on', sa.Date(), nullable=True),
    sa.ForeignKeyConstraint(['agency_id'], ['agency.id'], name=op.f('fk_kept_duty_agency_id')),
    sa.ForeignKeyConstraint(['project_id'], ['project.id'], name=op.f('fk_kept_duty_project_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_kept_duty')),
    sa.UniqueConstraint('project_id', 'rule', 'subject', 'due', name=op.f('uq_kept_duty_project_id_rule_subject_due'))
    )
    with op.batch_alter_table('kept_duty', schema=None) as batch_op:
        batch_op.create_index('ix_kept_duty_agency_due', ['agency_id', 'due', 'done_on', 'closed_on', 'since'], unique=False)
        batch_op.create_index('ix_kept_duty_clock', ['agency_id', 'next_step_on', 'done_on', 'closed_on'], unique=False)

    op.create_table('kept_finding',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('agency_id', sa.Integer(), nullable=False),
    sa.Column('project_id', sa.Integer(), nullable=False),
    sa.Column('rule', sa.String(), nullable=False),
    sa.Column('subject', sa.String(), nullable=False),
    sa.Column('strength', sa.Enum('must', 'usual', name='strength', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('since', sa.Date(), nullable=False),
    sa.Column('until', sa.Date(), nullable=True),
    sa.Column('message', sa.String(), nullable=False),
    sa.Column('reason', sa.String(), nullable=True),
    sa.Column('reason_since', sa.Date(), nullable=True),
    sa.ForeignKeyConstraint(['agency_id'], ['agency.id'], name=op.f('fk_kept_finding_agency_id')),
    sa.ForeignKeyConstraint(['project_id'], ['project.id'], name=op.f('fk_kept_finding_project_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_kept_finding'))
    )
    with op.batch_alter_table('kept_finding', schema=None) as batch_op:
        batch_op.create_index('ix_kept_finding_agency_since', ['agency_id', 'since', 'until'], unique=False)
        batch_op.create_index('ix_kept_finding_project', ['project_id', 'since', 'until', 'strength'], unique=False)

    op.create_table('milestone',
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('number', sa.BigInteger(), nullable=False),
    sa.Column('name', sa.String(), nullable=True),
    sa.Column('planned_on', sa.Date(), nullable=False),
    sa.Column('reported_on', sa.Date(), nullable=True),
    sa.Column('reviewed_on', sa.Date(), nullable=True),
    sa.Column('review', sa.Enum('通过', '不通过', name='review', native_enum=False, create_constraint=True, length=32), nullable=True),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('project_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['project_id'], ['project.id'], name=op.f('fk_milestone_project_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_milestone')),
    sa.UniqueConstraint('project_id', 'number', name=op.f('uq_milestone_project_id_number'))
    )
    with op.batch_alter_table('milestone', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_milestone_project_id'), ['project_id'], unique=False)

    op.create_table('partner',
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('unit_type', sa.Enum('企业', '高等院校', '科研院所', '医疗卫生机构', '其他', name='unit_type', native_enum=False, create_constraint=True, length=32), nullable=True),
    sa.Column('place', sa.String(), nullable=False),
    sa.Column('share_fen', sa.BigInteger(), nullable=False),
    sa.Column('agreement_from', sa.Date(), nullable=True),
    sa.Column('agreement_until', sa.Date(), nullable=True),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('project_id', sa.Integer(), nullable=False),
    sa.CheckConstraint('share_fen >= 0', name=op.f('ck_partner_share')),
    sa.ForeignKeyConstraint(['project_id'], ['project.id'], name=op.f('fk_partner_project_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_partner')),
    sa.UniqueConstraint('project_id', 'name', name=op.f('uq_partner_project_id_name'))
    )
    with op.batch_alter_table('partner', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_partner_project_id'), ['project_id'], unique=False)

    op.create_table('party',
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('signatory', sa.Enum('区科技局', '承担单位', '联合实施单位', '市科技局', name='signatory', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('project_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['project_id'], ['project.id'], name=op.f('fk_party_project_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_party')),
    sa.UniqueConstraint('project_id', 'signatory', name=op.f('uq_party_project_id_signatory'))
    )
    with op.batch_alter_table('party', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_party_project_id'), ['project_id'], unique=False)

    op.create_table('reminder',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('agency_id', sa.Integer(), nullable=False),
    sa.Column('project_id', sa.Integer(), nullable=False),
    sa.Column('rule', sa.String(), nullable=False),
    sa.Column('subject', sa.String(), nullable=False),
    sa.Column('due', sa.Date(), nullable=False),
    sa.Column('step', sa.String(), nullable=False),
    sa.Column('told_on', sa.Date(), nullable=False),
    sa.Column('recipients', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['agency_id'], ['agency.id'], name=op.f('fk_reminder_agency_id')),
    sa.ForeignKeyConstraint(['project_id'], ['project.id'], name=op.f('fk_reminder_project_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_reminder')),
    sa.UniqueConstraint('project_id', 'rule', 'subject', 'due', 'step', name=op.f('uq_reminder_project_id_rule_subject_due_step'))
    )
    with op.batch_alter_table('reminder', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_reminder_agency_id'), ['agency_id'], unique=False)

    op.create_table('spending',
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('spent_on', sa.Date(), nullable=False),
    sa.Column('source', sa.Enum('省（市）级财政', '区（县）级财政', '联合实施单位', '自筹', name='source', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('use', sa.Enum('设备费', '业务费', '劳务费', '间接费用', name='use', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('amount_fen', sa.BigInteger(), nullable=False),
    sa.Column('voucher', sa.String(), nullable=True),
    sa.Column('note', sa.String(), nullable=True),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('project_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['project_id'], ['project.id'], name=op.f('fk_spending_project_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_spending'))
    )
    with op.batch_alter_table('spending', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_spending_project_id'), ['project_id'], unique=False)

    op.create_table('tranche',
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('number', sa.BigInteger(), nullable=False),
    sa.Column('source', sa.Enum('省（市）级财政', '区（县）级财政', '联合实施单位', '自筹', name='source', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('planned_fen', sa.BigInteger(), nullable=False),
    sa.Column('planned_on', sa.Date(), nullable=True),
    sa.Column('state', sa.Enum('计划', '待审批', '已批准', '已入批次', '已出表', '已拨付', name='state', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('project_id', sa.Integer(), nullable=False),
    sa.CheckConstraint('number >= 1', name=op.f('ck_tranche_number')),
    sa.CheckConstraint('planned_fen >= 0', name=op.f('ck_tranche_planned')),
    sa.ForeignKeyConstraint(['project_id'], ['project.id'], name=op.f('fk_tranche_project_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_tranche'))
    )
    with op.batch_alter_table('tranche', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_tranche_project_id'), ['project_id'], unique=False)
        batch_op.create_index('ix_tranche_state', ['state', 'planned_on'], unique=False)

    op.create_table('batch_line',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('batch_id', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('tranche_id', sa.Integer(), nullable=False),
    sa.Column('project_id', sa.Integer(), nullable=False),
    sa.Column('project_number', sa.String(), nullable=False),
    sa.Column('project_title', sa.String(), nullable=False),
    sa.Column('payee', sa.String(), nullable=False),
    sa.Column('bank_name', sa.String(), nullable=False),
    sa.Column('bank_account', sa.String(), nullable=False),
    sa.Column('granted_fen', sa.BigInteger(), nullable=False),
    sa.Column('paid_before_fen', sa.BigInteger(), nullable=False),
    sa.Column('amount_fen', sa.BigInteger(), nullable=False),
    sa.Column('basis', sa.String(), nullable=False),
    sa.CheckConstraint('amount_fen > 0', name=op.f('ck_batch_line_amount')),
    sa.CheckConstraint('paid_before_fen >= 0', name=op.f('ck_batch_line_paid_before')),
    sa.ForeignKeyConstraint(['batch_id'], ['batch.id'], name=op.f('fk_batch_line_batch_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['project_id'], ['project.id'], name=op.f('fk_batch_line_project_id')),
    sa.ForeignKeyConstraint(['tranche_id'], ['tranche.id'], name=op.f('fk_batch_line_tranche_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_batch_line')),
    sa.UniqueConstraint('batch_id', 'position', name=op.f('uq_batch_line_batch_id_position')),
    sa.UniqueConstraint('tranche_id', name=op.f('uq_batch_line_tranche_id'))
    )
    op.create_table('inbox_message',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('agency_id', sa.Integer(), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=False),
    sa.Column('project_id', sa.Integer(), nullable=True),
    sa.Column('reminder_id', sa.Integer(), nullable=True),
    sa.Column('title', sa.String(), nullable=False),
    sa.Column('body', sa.String(), nullable=False),
    sa.Column('told_on', sa.Date(), nullable=False),
    sa.Column('read_at', sa.DateTime(), nullable=True),
    sa.ForeignKeyConstraint(['agency_id'], ['agency.id'], name=op.f('fk_inbox_message_agency_id')),
    sa.ForeignKeyConstraint(['project_id'], ['project.id'], name=op.f('fk_inbox_message_project_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['reminder_id'], ['reminder.id'], name=op.f('fk_inbox_message_reminder_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['user_id'], ['user_account.id'], name=op.f('fk_inbox_message_user_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_inbox_message')),
    sa.UniqueConstraint('reminder_id', 'user_id', name=op.f('uq_inbox_message_reminder_id_user_id'))
    )
    with op.batch_alter_table('inbox_message', schema=None) as batch_op:
        batch_op.create_index('ix_inbox_message_user', ['user_id', 'agency_id', 'read_at'], unique=False)

    op.create_table('outbox_message',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('agency_id', sa.Integer(), nullable=False),
    sa.Column('reminder_id', sa.Integer(), nullable=True),
    sa.Column('address', sa.String(), nullable=False),
    sa.Column('title', sa.String(), nullable=False),
    sa.Column('body', sa.String(), nullable=False),
    sa.Column('state', sa.String(), server_default=sa.text("'waiting'"), nullable=False),
    sa.Column('attempts', sa.Integer(), server_default=sa.text('0'), nullable=False),
    sa.Column('next_try_at', sa.DateTime(), nullable=False),
    sa.Column('last_error', sa.String(), nullable=True),
    sa.Column('sent_at', sa.DateTime(), nullable=True),
    sa.ForeignKeyConstraint(['agency_id'], ['agency.id'], name=op.f('fk_outbox_message_agency_id')),
    sa.ForeignKeyConstraint(['reminder_id'], ['reminder.id'], name=op.f('fk_outbox_message_reminder_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_outbox_message')),
    sa.UniqueConstraint('reminder_id', 'address', name=op.f('uq_outbox_message_reminder_id_address'))
    )
    with op.batch_alter_table('outbox_message', schema=None) as batch_op:
        batch_op.create_index('ix_outbox_message_due', ['state', 'next_try_at'], unique=False)

    op.create_table('payment',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('tranche_id', sa.Integer(), nullable=False),
    sa.Column('amount_fen', sa.BigInteger(), nullable=False),
    sa.Column('paid_on', sa.Date(), nullable=True),
    sa.Column('voucher', sa.String(), nullable=True),
    sa.Column('booked_by_id', sa.Integer(), nullable=True),
    sa.CheckConstraint('amount_fen >= 0', name=op.f('ck_payment_amount')),
    sa.ForeignKeyConstraint(['booked_by_id'], ['user_account.id'], name=op.f('fk_payment_booked_by_id')),
    sa.ForeignKeyConstraint(['tranche_id'], ['tranche.id'], name=op.f('fk_payment_tranche_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_payment')),
    sa.UniqueConstraint('tranche_id', name=op.f('uq_payment_tranche_id'))
    )
    with op.batch_alter_table('payment', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_payment_voucher'), ['voucher'], unique=False)

    op.create_table('proposal',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('tranche_id', sa.Integer(), nullable=False),
    sa.Column('amount_fen', sa.BigInteger(), nullable=False),
    sa.Column('proposed_by_id', sa.Integer(), nullable=False),
    sa.Column('proposed_on', sa.Date(), nullable=False),
    sa.Column('reasons', sa.JSON(), nullable=False),
    sa.Column('verdict', sa.JSON(), nullable=False),
    sa.Column('approved_by_id', sa.Integer(), nullable=True),
    sa.Column('approved_on', sa.Date(), nullable=True),
    sa.Column('ending', sa.Enum('退回', '撤回', name='ending', native_enum=False, create_constraint=True, length=32), nullable=True),
    sa.Column('ended_by_id', sa.Integer(), nullable=True),
    sa.Column('ended_on', sa.Date(), nullable=True),
    sa.Column('note', sa.String(), nullable=True),
    sa.CheckConstraint('(approved_by_id IS NULL) = (approved_on IS NULL)', name=op.f('ck_proposal_approved')),
    sa.CheckConstraint('amount_fen > 0', name=op.f('ck_proposal_amount')),
    sa.CheckConstraint('approved_by_id <> proposed_by_id', name=op.f('ck_proposal_two_people')),
    sa.ForeignKeyConstraint(['approved_by_id'], ['user_account.id'], name=op.f('fk_proposal_approved_by_id')),
    sa.ForeignKeyConstraint(['ended_by_id'], ['user_account.id'], name=op.f('fk_proposal_ended_by_id')),
    sa.ForeignKeyConstraint(['proposed_by_id'], ['user_account.id'], name=op.f('fk_proposal_proposed_by_id')),
    sa.ForeignKeyConstraint(['tranche_id'], ['tranche.id'], name=op.f('fk_proposal_tranche_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_proposal'))
    )
    with op.batch_alter_table('proposal', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_proposal_tranche_id'), ['tranche_id'], unique=False)
        batch_op.create_index('uq_proposal_live', ['tranche_id'], unique=True, sqlite_where=sa.text('ending IS NULL'), postgresql_where=sa.text('ending IS NULL'))



def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table('proposal', schema=None) as batch_op:
        batch_op.drop_index('uq_proposal_live', sqlite_where=sa.text('ending IS NULL'), postgresql_where=sa.text('ending IS NULL'))
        batch_op.drop_index(batch_op.f('ix_proposal_tranche_id'))

    op.drop_table('proposal')
    with op.batch_alter_table('payment', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_payment_voucher'))

    op.drop_table('payment')
    with op.batch_alter_table('outbox_message', schema=None) as batch_op:
        batch_op.drop_index('ix_outbox_message_due')

    op.drop_table('outbox_message')
    with op.batch_alter_table('inbox_message', schema=None) as batch_op:
        batch_op.drop_index('ix_inbox_message_user')

    op.drop_table('inbox_message')
    op.drop_table('batch_line')
    with op.batch_alter_table('tranche', schema=None) as batch_op:
        batch_op.drop_index('ix_tranche_state')
        batch_op.drop_index(batch_op.f('ix_tranche_project_id'))

    op.drop_table('tranche')
    with op.batch_alter_table('spending', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_spending_project_id'))

    op.drop_table('spending')
    with op.batch_alter_table('reminder', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_reminder_agency_id'))

    op.drop_table('reminder')
    with op.batch_alter_table('party', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_party_project_id'))

    op.drop_table('party')
    with op.batch_alter_table('partner', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_partner_project_id'))

    op.drop_table('partner')
    with op.batch_alter_table('milestone', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_milestone_project_id'))

    op.drop_table('milestone')
    with op.batch_alter_table('kept_finding', schema=None) as batch_op:
        batch_op.drop_index('ix_kept_finding_project')
        batch_op.drop_index('ix_kept_finding_agency_since')

    op.drop_table('kept_finding')
    with op.batch_alter_table('kept_duty', schema=None) as batch_op:
        batch_op.drop_index('ix_kept_duty_clock')
        batch_op.drop_index('ix_kept_duty_agency_due')

    op.drop_table('kept_duty')
    with op.batch_alter_table('indicator', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_indicator_project_id'))

    op.drop_table('indicator')
    with op.batch_alter_table('exception_note', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_exception_note_project_id'))

    op.drop_table('exception_note')
    with op.batch_alter_table('change', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_change_project_id'))

    op.drop_table('change')
    with op.batch_alter_table('budget_line', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_budget_line_project_id'))

    op.drop_table('budget_line')
    with op.batch_alter_table('audit_entry', schema=None) as batch_op:
        batch_op.drop_index('ix_audit_entry_project')
        batch_op.drop_index(batch_op.f('ix_audit_entry_agency_id'))

    op.drop_table('audit_entry')
    with op.batch_alter_table('attachment', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_attachment_project_id'))

    op.drop_table('attachment')
    with op.batch_alter_table('annual_report', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_annual_report_project_id'))

    op.drop_table('annual_report')
    op.drop_table('acceptance')
    with op.batch_alter_table('project', schema=None) as batch_op:
        batch_op.drop_index('ix_project_unit_order')
        batch_op.drop_index('ix_project_title_order')
        batch_op.drop_index('ix_project_stage')
        batch_op.drop_index('ix_project_pi')
        batch_op.drop_index('ix_project_lead_unit')
        batch_op.drop_index('ix_project_joint_unit')
        batch_op.drop_index('ix_project_fiscal')
        batch_op.drop_index('ix_project_facets')
        batch_op.drop_index('ix_project_end')

    op.drop_table('project')
    with op.batch_alter_table('membership', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_membership_agency_id'))

    op.drop_table('membership')
    with op.batch_alter_table('ledger_upload', schema=None) as batch_op:
        batch_op.drop_index('ix_ledger_upload_person')

    op.drop_table('ledger_upload')
    with op.batch_alter_table('batch', schema=None) as batch_op:
        batch_op.drop_index('ix_batch_state')

    op.drop_table('batch')
    op.drop_table('user_account')
    with op.batch_alter_table('sign_in_tries', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_sign_in_tries_last_at'))

    op.drop_table('sign_in_tries')
    op.drop_table('job_run')
    op.drop_table('agency')
