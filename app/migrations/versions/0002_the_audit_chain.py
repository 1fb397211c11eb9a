"""The audit chain: entries are numbered, bear the number of their project, and are chained by hash

Revision: 0002, after 0001
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None

START = '0' * 64
PAGE = 1000


def upgrade() -> None:
    """Apply."""
    op.create_table('audit_chain',
    sa.Column('chain', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('length', sa.Integer(), nullable=False),
    sa.Column('head_hash', sa.String(length=64), nullable=False),
    sa.PrimaryKeyConstraint('chain', name=op.f('pk_audit_chain'))
    )
    with op.batch_alter_table('audit_entry', schema=None) as batch_op:
        batch_op.add_column(sa.Column('chain', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('serial', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('project_number', sa.String(), nullable=True))
        batch_op.add_column(sa.Column('previous_hash', sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column('hash', sa.String(length=64), nullable=True))

    chain_entries(op.get_bind())
    with op.batch_alter_table('audit_entry', schema=None) as batch_op:
        batch_op.drop_index('ix_audit_entry_project')
        batch_op.drop_constraint(batch_op.f('fk_audit_entry_project_id'), type_='foreignkey')

    with op.batch_alter_table('audit_entry', schema=None) as batch_op:
        batch_op.alter_column('chain', existing_type=sa.Integer(), nullable=False)
        batch_op.alter_column('serial', existing_type=sa.Integer(), nullable=False)
        batch_op.alter_column('previous_hash', existing_type=sa.String(length=64), nullable=False)
        batch_op.alter_column('hash', existing_type=sa.String(length=64), nullable=False)
        batch_op.create_foreign_key(batch_op.f('fk_audit_entry_project_id'), 'project', ['project_id'], ['id'])
        batch_op.create_unique_constraint(batch_op.f('uq_audit_entry_chain_serial'), ['chain', 'serial'])
        batch_op.create_check_constraint(batch_op.f('ck_audit_entry_chain'), 'chain = coalesce(agency_id, 0)')
        batch_op.create_check_constraint(batch_op.f('ck_audit_entry_serial'), 'serial >= 1')
        batch_op.create_index('ix_audit_entry_project', ['project_id', 'serial'], unique=False)


def chain_entries(connection: sa.Connection) -> None:
    """Number and chain the entries there are, in the order in which they were made."""
    entry = sa.table('audit_entry', *(sa.column(name) for name in (
        'id', 'chain', 'serial', 'project_number', 'previous_hash', 'hash')))
    chained = sa.update(entry).where(entry.c.id == sa.bindparam('the_id')).values({
        name: sa.bindparam(f'new_{name}') for name in ('chain', 'serial', 'project_number', 'previous_hash', 'hash')})
    heads: dict[int, tuple[int, str]] = {}
    for page in pages(connection):
        rows = []
        for row in page:
            key = row['agency_id'] or 0
            length, previous = heads.get(key, (0, START))
            hashed = hash_of(row, length + 1, previous)
            heads[key] = (length + 1, hashed)
            rows.append({
                'the_id': row['id'], 'new_chain': key, 'new_serial': length + 1,
                'new_project_number': row['project_number'], 'new_previous_hash': previous, 'new_hash': hashed})
        connection.execute(chained, rows)
    table = sa.table('audit_chain', *(sa.column(name) for name in ('chain', 'length', 'head_hash')))
    made = [{'chain': key, 'length': length, 'head_hash': head} for key, (length, head) in heads.items()]
    if made:
        connection.execute(sa.insert(table), made)


def pages(connection: sa.Connection) -> Iterator[list[dict[str, Any]]]:
    """Yield the entries with the numbers of their projects, a page at a time."""
    entry = sa.table('audit_entry', *(sa.column(name) for name in (
        'id', 'agency_id', 'project_id', 'user_id', 'actor_name', 'action', 'summary', 'citation')),
        sa.column('at', sa.DateTime()), sa.column('details', sa.JSON()))
    project = sa.table('project', sa.column('id'), sa.column('number'))
    query = sa.select(entry, project.c.number.label('project_number')).select_from(
        entry.outerjoin(project, project.c.id == entry.c.project_id)).order_by(entry.c.id).limit(PAGE)
    last = 0
    while page := [dict(row) for row in connection.execute(query.where(entry.c.id > last)).mappings()]:
        yield page
        last = page[-1]['id']


def hash_of(row: dict[str, Any], serial: int, previous: str) -> str:
    """Return an entry's hash, as version 1 of the chain works it out."""
    content = {name: row[name] for name in (
        'agency_id', 'project_id', 'project_number', 'user_id', 'actor_name', 'action', 'summary', 'citation',
        'details')}
    content['serial'] = serial
    content['at'] = row['at'].isoformat(timespec='microseconds') + '+00:00'  # kept in UTC, without a zone
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(',', ':'))
    digest = sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()
    tag = sha256((previous + (row['project_number'] or '')).encode()).hexdigest()
    return sha256((previous + tag + digest).encode('ascii')).hexdigest()


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table('audit_entry', schema=None) as batch_op:
        batch_op.drop_index('ix_audit_entry_project')
        batch_op.drop_constraint(batch_op.f('ck_audit_entry_serial'), type_='check')
        batch_op.drop_constraint(batch_op.f('ck_audit_entry_chain'), type_='check')
        batch_op.drop_constraint(batch_op.f('uq_audit_entry_chain_serial'), type_='unique')
        batch_op.drop_constraint(batch_op.f('fk_audit_entry_project_id'), type_='foreignkey')

    with op.batch_alter_table('audit_entry', schema=None) as batch_op:
        batch_op.create_foreign_key(
            batch_op.f('fk_audit_entry_project_id'), 'project', ['project_id'], ['id'], ondelete='SET NULL')
        batch_op.create_index('ix_audit_entry_project', ['project_id', 'id'], unique=False)
        batch_op.drop_column('hash')
        batch_op.drop_column('previous_hash')
        batch_op.drop_column('project_number')
        batch_op.drop_column('serial')
        batch_op.drop_column('chain')

    op.drop_table('audit_chain')
