"""What is asked before somebody is erased."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ingestion.models import Erasure, SubjectKind

COMPANIONS = {
    SubjectKind.PERSON: _("Also the accounts that nobody else is in"),
    SubjectKind.ACCOUNT: _("Also the persons who are in no other account"),
}


class ErasureForm(forms.Form):
    """Why, and that it is meant."""

    reason = forms.ChoiceField(label=_("Why"), choices=Erasure.Reason.choices)
    reference = forms.CharField(
        label=_("Reference"),
        required=False,
        max_length=80,
        help_text=_("For example the number of a ticket. It stays in the proof: no name, no address."),
    )
    with_companions = forms.BooleanField(required=False)
    is_meant = forms.BooleanField(
        label=_("I know that this cannot be taken back"),
        error_messages={"required": _("Tick this: what is erased is gone for good.")},
    )

    def __init__(self, *args: Any, kind: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["with_companions"].label = COMPANIONS[SubjectKind(kind)]
