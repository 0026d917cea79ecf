"""Rows of users, grants, sign-in links and the audit. Opened by this room alone.

The database itself keeps the promises that matter: a grant names a known role and ends after it starts; a
line of the audit is never changed or deleted (triggers, migration 0002).
"""

from __future__ import annotations

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Length, Lower
from django.db.models.lookups import In

from senhui.access import rules


class User(AbstractBaseUser):
    """A person with a seat (用户). Never deleted, only closed, for what the person did must keep its name."""

    username = models.CharField(max_length=64, unique=True, validators=[UnicodeUsernameValidator()])
    display_name = models.CharField(max_length=64)
    organisation = models.CharField(max_length=120, blank=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    objects = BaseUserManager["User"]()

    USERNAME_FIELD = "username"

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("username"), name="user_name_is_unique_in_any_case"),
        ]

    def __str__(self) -> str:
        return self.display_name


class Grant(models.Model):
    """A role over an area for a time, given by somebody (授权)."""

    user = models.ForeignKey(User, models.PROTECT, related_name="grants")
    role = models.CharField(max_length=20)
    area_code = models.CharField(max_length=12, blank=True)
    starts_on = models.DateField()
    ends_on = models.DateField(null=True)
    granted_by = models.ForeignKey(User, models.PROTECT, related_name="+", null=True)
    withdrawn_on = models.DateField(null=True)
    withdrawn_by = models.ForeignKey(User, models.PROTECT, related_name="+", null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(name="grant_role_is_known", condition=Q(role__in=sorted(rules.roles()))),
            models.CheckConstraint(
                name="grant_ends_after_it_starts",
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
            ),
            models.CheckConstraint(
                name="grant_area_code_has_a_level",
                condition=In(Length("area_code"), list(rules.AREA_CODE_LENGTHS)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} {self.area_code} {self.starts_on}–{self.ends_on or ''}"


class SignInLink(models.Model):
    """A link that signs one person in once (一次性登录链接). Only the hash of its token is kept."""

    user = models.ForeignKey(User, models.PROTECT, related_name="+")
    token_sha256 = models.CharField(max_length=64, unique=True)
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+", null=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    redeemed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="sign_in_link_expires_after_creation", condition=Q(expires_at__gt=F("created_at"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.expires_at}"


class AuditEntry(models.Model):
    """Who did what to what, and when (操作记录). Lines are added and never changed."""

    at = models.DateTimeField()
    actor = models.ForeignKey(User, models.PROTECT, related_name="+", null=True)
    action = models.CharField(max_length=64)
    subject = models.CharField(max_length=200)
    detail = models.JSONField()

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["subject"], name="audit_by_subject")]

    def __str__(self) -> str:
        return f"{self.at} {self.action} {self.subject}"
