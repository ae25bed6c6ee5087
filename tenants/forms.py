"""Shapes of what people type on the tenants' pages, and what their role lets them choose."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
)

from tenants.access import Access
from tenants.models import ApiToken, BusinessUnit, Invitation, Membership, Role, Source, Tenant, WriteKey
from tenants.models.credentials import clean_origin
from tenants.models.tenant import validate_time_zone


class JoinForm(forms.Form):
    """A new account, made from an invitation; the address is the invitation's."""

    name = forms.CharField(
        label=gettext_lazy("Your name"),
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        help_text=gettext_lazy("Your colleagues see it beside what you do."),
    )
    password = forms.CharField(
        label=gettext_lazy("Password"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=password_validation.password_validators_help_text_html,
    )
    password_again = forms.CharField(
        label=gettext_lazy("Password again"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean(self) -> dict[str, str]:
        values = super().clean() or {}
        if values.get("password") and values.get("password_again") not in (None, values["password"]):
            self.add_error("password_again", _("The two passwords differ. Type the same one twice."))
        return values


class InvitationForm(forms.ModelForm):
    """Whom to invite; `access` is what the inviting user has."""

    access: Access

    class Meta:
        model = Invitation
        fields = ["email", "business_unit", "role"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "role" in self.fields:
            self.fields["role"].choices = [("", _("Choose a role")), *_roles(self.access)]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        unit, role = values.get("business_unit"), values.get("role")
        if unit and role and not self.access.may_grant(role, unit.path):
            self.add_error("role", _refusal_of(role, unit, self.access))
        return values


class MembershipForm(forms.ModelForm):
    """Another role in the same unit; `access` is what the changing user has."""

    access: Access

    class Meta:
        model = Membership
        fields = ["role"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "role" in self.fields:
            self.fields["role"].choices = _roles(self.access)  # type: ignore[attr-defined]

    def clean_role(self) -> str:
        role, unit = self.cleaned_data["role"], self.instance.business_unit
        if not self.access.may_grant(role, unit.path):
            raise ValidationError(_refusal_of(role, unit, self.access))
        return str(role)


def _roles(access: Access) -> list[tuple[str, Any]]:
    """The roles this user may hand out in at least one of their units."""
    units = {grant.unit_path for grant in access.grants}
    return [
        (value, label)
        for value, label in Role.choices
        if any(access.may_grant(value, path) for path in units)
    ]


def _refusal_of(role: str, unit: BusinessUnit, access: Access) -> str:
    allowed = [str(Role(value).label) for value in Role.values if access.may_grant(value, unit.path)]
    return _(
        "You cannot hand out “%(role)s” in %(unit)s: it may do more there than you may. You can choose: %(roles)s."
    ) % {
        "role": Role(role).label,
        "unit": unit,
        "roles": ", ".join(allowed) or _("none"),
    }


class BusinessUnitForm(forms.ModelForm):
    """A unit's name and place; `parents` are the units it may hang under."""

    parents: QuerySet[BusinessUnit]

    class Meta:
        model = BusinessUnit
        fields = ["name", "parent"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "parent" in self.fields:
            parent = self.fields["parent"]
            parent.required = True
            parent.empty_label = None  # type: ignore[attr-defined]
            parent.queryset = self.parents  # type: ignore[attr-defined]
            parent.help_text = _(
                "Members of a unit see everything below it. Moving a unit takes all of its units along."
            )


class TenantSettingsForm(forms.ModelForm):
    """The company's own settings."""

    class Meta:
        model = Tenant
        fields = ["name", "time_zone", "currency", "shortens_addresses"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zones = [(zone, zone) for zone in sorted(available_timezones())]
        self.fields["time_zone"].widget = forms.Select(choices=zones)

    def clean_currency(self) -> str:
        return _currency(self.cleaned_data["currency"])


class NewTenantForm(forms.Form):
    """A company and its first admin."""

    name = forms.CharField(label=gettext_lazy("Company"), max_length=200)
    slug = forms.SlugField(
        label=gettext_lazy("Short name"),
        max_length=63,
        help_text=gettext_lazy(
            "Used in file names and on the command line: letters, digits, dashes. It stays."
        ),
    )
    admin_email = forms.EmailField(
        label=gettext_lazy("First corporate admin"),
        help_text=gettext_lazy("Gets a mail with a link to join, and invites everybody else."),
    )
    time_zone = forms.CharField(
        label=gettext_lazy("Time zone"), initial="UTC", validators=[validate_time_zone],
        help_text=gettext_lazy("For example Europe/Berlin. Days are counted in it."),
    )  # fmt: skip
    currency = forms.CharField(label=gettext_lazy("Currency"), initial="EUR", max_length=3)

    def clean_slug(self) -> str:
        slug = self.cleaned_data["slug"].lower()
        if Tenant.objects.filter(slug=slug).exists():
            raise ValidationError(_("Another company has this short name."))
        return str(slug)

    def clean_currency(self) -> str:
        return _currency(self.cleaned_data["currency"])


def _currency(value: str) -> str:
    code = value.strip().upper()
    if not (len(code) == 3 and code.isascii() and code.isalpha()):
        raise ValidationError(_("Use the three letters of the ISO code, for example EUR."))
    return code


class ApiTokenForm(forms.ModelForm):
    """A new token; `access` is what its maker has."""

    access: Access
    LIVES = (30, 90, 180, 365)

    kind = forms.ChoiceField(
        label=gettext_lazy("Acts for"),
        choices=[
            ("personal", gettext_lazy("Me: never more than I may do")),
            ("service", gettext_lazy("A service")),
        ],
        widget=UnfoldAdminSelectWidget,
        help_text=gettext_lazy("A personal token ends with your membership; a service token outlives it."),
    )
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("May"),
        choices=ApiToken.Scope.choices,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )
    days = forms.TypedChoiceField(
        label=gettext_lazy("Expires after"),
        coerce=int,
        initial=90,
        widget=UnfoldAdminSelectWidget,
        help_text=gettext_lazy("A year at most. Make the next one before, and change it where it is used."),
    )

    class Meta:
        model = ApiToken
        fields = ["name", "business_unit", "scopes"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["days"].choices = [(days, _("%(days)s days") % {"days": days}) for days in self.LIVES]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        unit = values.get("business_unit")
        for scope in values.get("scopes", []) if unit else []:
            if not self.access.may_use(scope, unit.path):
                label = ApiToken.Scope(scope).label
                problem = _("Your role does not allow “%(scope)s” in %(unit)s.") % {
                    "scope": label,
                    "unit": unit,
                }
                self.add_error("scopes", problem)
        return values

    def expires_at(self, now: datetime) -> datetime:
        return now + timedelta(days=self.cleaned_data["days"])


class OriginsField(forms.CharField):
    """Websites, one a line."""

    widget = UnfoldAdminTextareaWidget(attrs={"rows": 3, "placeholder": "https://app.acme.com"})

    def prepare_value(self, value: Any) -> str:
        return "\n".join(value) if isinstance(value, list) else value or ""

    def to_python(self, value: Any) -> list[str]:  # type: ignore[override]
        return [clean_origin(word) for word in (value or "").replace(",", " ").split()]


class NamesField(forms.CharField):
    """Names, one a line."""

    widget = UnfoldAdminTextareaWidget(attrs={"rows": 4, "placeholder": "plan\nseats\nrole"})

    def prepare_value(self, value: Any) -> str:
        return "\n".join(value) if isinstance(value, list) else value or ""

    def to_python(self, value: Any) -> list[str]:  # type: ignore[override]
        return sorted({name for line in (value or "").splitlines() if (name := line.strip())})


class WriteKeyForm(forms.Form):
    """What a new write key may do, and for how long."""

    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("The key may"),
        choices=WriteKey.Scope.choices,
        initial=WriteKey.Scope.values,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Say what the key may do.")},
    )
    days = forms.TypedChoiceField(
        label=gettext_lazy("It ends"),
        choices=[
            (0, gettext_lazy("never")),
            (30, gettext_lazy("after 30 days")),
            (90, gettext_lazy("after 90 days")),
            (365, gettext_lazy("after a year")),
        ],
        coerce=int,
        empty_value=0,
        required=False,
    )

    def ends_at(self, now: datetime) -> datetime | None:
        days = self.cleaned_data["days"]
        return now + timedelta(days=days) if days else None


class SourceForm(forms.ModelForm):  # type: ignore[type-arg]
    """A source and what it lets in."""

    allowed_origins = OriginsField(
        label=gettext_lazy("Allowed websites"),
        required=False,
        help_text=Source._meta.get_field("allowed_origins").help_text,
    )
    allowed_fields = NamesField(
        label=gettext_lazy("Allowed properties and traits"),
        required=False,
        help_text=Source._meta.get_field("allowed_fields").help_text,
    )

    class Meta:
        model = Source
        fields = [
            *("name", "kind", "environment", "is_enabled", "allowed_origins", "events_per_second"),
            *("quota_events", "quota_period", "refuses_over_quota"),
            *("drops_unlisted", "allowed_fields"),
        ]


class EnvironmentForm(forms.Form):
    """What a source's events are from."""

    environment = forms.ChoiceField(
        label=gettext_lazy("Environment"), choices=Source.Environment.choices, widget=forms.RadioSelect
    )
