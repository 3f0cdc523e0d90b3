"""Keep who is in a course, as its roster says."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "course",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("registration_id", sa.Uuid(), nullable=False),
        sa.Column("deployment_id", sa.String(), nullable=False),
        sa.Column("context_id", sa.String(), nullable=False),
        sa.Column("memberships_url", sa.String(), nullable=False),
        sa.Column("asked_at", moment, nullable=True),
        sa.Column("synced_at", moment, nullable=True),
        sa.Column("created_at", moment, nullable=False),
        sa.ForeignKeyConstraint(
            ["registration_id"],
            ["registration.id"],
            name=op.f("fk_course_registration_id_registration"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["registration_id", "deployment_id"],
            ["deployment.registration_id", "deployment.deployment_id"],
            name=op.f("fk_course_registration_id_deployment_id_deployment"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_course")),
        sa.UniqueConstraint(
            "registration_id",
            "deployment_id",
            "context_id",
            name=op.f("uq_course_registration_id_deployment_id_context_id"),
        ),
    )
    op.create_table(
        "course_member",
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "observer",
                "learner",
                "assistant",
                "instructor",
                name="courserole",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("left_at", moment, nullable=True),
        sa.ForeignKeyConstraint(
            ["course_id"],
            ["course.id"],
            name=op.f("fk_course_member_course_id_course"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["lti_user.id"],
            name=op.f("fk_course_member_user_id_lti_user"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("course_id", "user_id", name=op.f("pk_course_member")),
    )
    op.create_index(op.f("ix_course_member_user_id"), "course_member", ["user_id"])
