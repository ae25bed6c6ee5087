"""The few words that charts write themselves, and the hook through which they are translated.

This package imports no framework, so the composition root hands in its gettext once, at start::

    charts.use_translator(django.utils.translation.gettext)

The hook is called when a chart is drawn, so the reader's language is the one active in the request.
"""

from collections.abc import Callable

_translate: Callable[[str], str] = str


def use_translator(translate: Callable[[str], str]) -> None:
    """Translate every word of the charts through ``translate`` from now on."""
    global _translate
    _translate = translate


def _(message: str) -> str:
    return _translate(message)
