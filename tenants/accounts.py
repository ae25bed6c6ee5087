"""allauth, told that nobody signs up by themselves: people join by an invitation."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def populate_username(self, request: HttpRequest, user: Any) -> None:
        return None


class LoginBackend(AuthenticationBackend):  # type: ignore[misc]
    """Says who somebody is, and nothing about what they may do: allauth would look for Django's user permissions, which
    our users do not have. That question is MembershipBackend's alone."""

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        return False

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        return False
