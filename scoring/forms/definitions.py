"""Forms for what a definition starts with, and for motions. Each names a business unit, and what it may point at
follows from that: its own and the units' above it. Which fields they have is listed in scoring.admin: the fields of a
tenant's rows cannot be built while classes are being made."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _


class DefinitionForm(forms.ModelForm):
    """A new definition. Its signals come next, in the editor."""

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        unit, motion = data.get("business_unit"), data.get("motion")
        if unit and motion and not motion.business_unit.covers(unit):
            self.add_error(
                "motion",
                _("“%(motion)s” belongs to %(owner)s. Choose a motion of %(unit)s or of a unit above it.")
                % {"motion": motion, "owner": motion.business_unit, "unit": unit},
            )
        return data


class MotionForm(forms.ModelForm):
    """A motion and what it starts and ends with."""

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        unit = data.get("business_unit") or getattr(self.instance, "business_unit", None)
        for field in ("start_action", "goal_action"):
            action = data.get(field)
            if unit and action and not action.business_unit.covers(unit):
                self.add_error(
                    field,
                    _(
                        "“%(action)s” belongs to %(owner)s. Choose an action of %(unit)s or of a unit above it."
                    )
                    % {"action": action, "owner": action.business_unit, "unit": unit},
                )
        return data
