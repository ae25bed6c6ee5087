"""A question before something that cannot be taken back: GET asks, POST does."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from tenants.console import page, sentences_of
from tenants.operations import Refused


def confirm(
    request: HttpRequest,
    *,
    title: Any,
    question: Any,
    button: Any,
    back: str,
    do: Callable[[], Any],
    done: Any,
    danger: bool = True,
) -> HttpResponse:
    """Show `question` with a button that posts; then call `do`, say `done` (or what `do` refused with), go `back`."""
    if request.method != "POST":
        content = {"title": title, "question": question, "button": button, "back": back, "danger": danger}
        return page(request, "tenants/confirm.html", content)
    try:
        do()
    except Refused as refusal:
        messages.error(request, sentences_of(refusal)[0])
    else:
        messages.success(request, done)
    return redirect(back)
