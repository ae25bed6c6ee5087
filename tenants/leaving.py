"""What may leave PQL Hub. Whatever goes out (deliveries, questions to vendors, mails of a tenant) asks here first;
tests/architecture/test_leaving.py knows every way out."""

from django.utils.translation import gettext as _

from tenants.context import current_tenant_id
from tenants.models import Tenant


def why_nothing_leaves() -> str:
    """Why nothing of the current tenant may go out; empty: it may. 1 query."""
    is_sample = Tenant.objects.filter(pk=current_tenant_id(), sample_of__isnull=False).exists()
    return _("This is sample data: nothing leaves.") if is_sample else ""
