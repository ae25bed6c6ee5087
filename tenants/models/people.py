"""Users are global, one log-in for a person; what they may do is a membership, and memberships belong to the tenant."""

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _
from uuid6 import uuid7

from tenants.base import KeyedTenantModel, TenantForeignKey, TenantModel


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=(username or "").strip().lower())


class User(AbstractBaseUser):
    """A person who logs in. Permissions come from the membership in the current tenant (tenants.permissions)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = models.EmailField(_("e-mail"), max_length=254, unique=True)
    name = models.CharField(_("name"), max_length=150, blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    is_platform_operator = models.BooleanField(
        _("platform operator"),
        default=False,
        help_text=_("May create, suspend, export and delete tenants. Sees no tenant's data by it."),
    )
    date_joined = models.DateTimeField(_("joined"), auto_now_add=True)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    # Nobody bypasses a permission check; the operator's rights are listed like everyone's.
    is_superuser: ClassVar[bool] = False

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints = [
            models.CheckConstraint(condition=models.Q(email=Lower("email")), name="user_email_is_lowercase")
        ]

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        return self.name or self.email

    def get_short_name(self) -> str:
        return self.name.split(" ")[0] if self.name else self.email

    @property
    def is_staff(self) -> bool:
        """Django admin's word for "may log in to the console"; which pages they see is decided by permissions."""
        return self.is_active

    def has_perm(self, perm: str, obj: object = None) -> bool:
        from django.contrib.auth.models import _user_has_perm  # type: ignore[attr-defined]

        return self.is_active and bool(_user_has_perm(self, perm, obj))

    def has_perms(self, perm_list: list[str], obj: object = None) -> bool:
        return all(self.has_perm(perm, obj) for perm in perm_list)

    def has_module_perms(self, app_label: str) -> bool:
        from django.contrib.auth.models import _user_has_module_perms  # type: ignore[attr-defined]

        return self.is_active and bool(_user_has_module_perms(self, app_label))


class Role(models.TextChoices):
    CORPORATE_ADMIN = "corporate_admin", _("Corporate admin")
    BU_OWNER = "bu_owner", _("Business-unit owner")
    SALES_MANAGER = "sales_manager", _("Sales manager")
    REP = "rep", _("Sales rep")
    ANALYST = "analyst", _("Analyst")
    PRODUCT_ENGINEER = "product_engineer", _("Product engineer")
    READ_ONLY = "read_only", _("Read only")


class Membership(KeyedTenantModel):
    """A user's role in one business unit and everything below it."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", verbose_name=_("user"))
    business_unit = TenantForeignKey(
        "tenants.BusinessUnit",
        on_delete=models.PROTECT,
        related_name="memberships",
        verbose_name=_("business unit"),
    )
    role = models.CharField(_("role"), max_length=32, choices=Role.choices)
    created_at = models.DateTimeField(_("since"), editable=False)
    ended_at = models.DateTimeField(
        _("until"), null=True, editable=False, help_text="Set when removed: old leads still name their rep."
    )

    class Meta(TenantModel.Meta):
        verbose_name = _("member")
        verbose_name_plural = _("members")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "user", "business_unit"], name="membership_once_per_unit"
            ),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="membership_role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.get_role_display()}"


class Invitation(KeyedTenantModel):
    """An e-mail that lets one person join with a role. The link's secret is stored as a hash and works once."""

    email = models.EmailField(_("e-mail"))
    business_unit = TenantForeignKey(
        "tenants.BusinessUnit", on_delete=models.CASCADE, related_name="+", verbose_name=_("business unit")
    )
    role = models.CharField(_("role"), max_length=32, choices=Role.choices)
    token_hash = models.BinaryField(editable=False)
    invited_by = models.ForeignKey(
        User,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        editable=False,
        verbose_name=_("invited by"),
    )
    created_at = models.DateTimeField(_("invited"), editable=False)
    mailed_at = models.DateTimeField(
        _("mailed"),
        null=True,
        editable=False,
        help_text=_("Empty: the mail could not be sent. Send it again."),
    )
    expires_at = models.DateTimeField(_("expires"), editable=False)
    accepted_at = models.DateTimeField(_("accepted"), null=True, editable=False)

    class Meta(TenantModel.Meta):
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "token_hash"], name="invitation_token_once"),
            models.UniqueConstraint(
                fields=["tenant", "email"],
                condition=models.Q(accepted_at__isnull=True),
                name="invitation_open_once",
            ),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="invitation_role_known"),
        ]

    def __str__(self) -> str:
        return self.email
