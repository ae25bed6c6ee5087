"""The product's own WSGI application with one more address: an empty view behind the same middleware."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pqlhub.settings")

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()

from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from pqlhub import urls
from tenants.context import tenant_context


@csrf_exempt
def empty(request: HttpRequest) -> JsonResponse:
    """What the cheapest honest answer costs: read the body, one BEGIN / SET LOCAL / COMMIT, say success."""
    len(request.body)
    with tenant_context(1):
        pass
    return JsonResponse({"success": True})


urls.urlpatterns.insert(0, path("v1/empty", empty))
