"""Names or dismisses a platform operator: the first one can only be named here."""

import getpass
import sys
from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone

from tenants import operations
from tenants.audit import Actor
from tenants.models import User


class Command(BaseCommand):
    help = "Let a user create, suspend, export and delete tenants (--dismiss: no more). Makes the user if needed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--name", default="")
        parser.add_argument("--dismiss", action="store_true", help="take the rights away")
        parser.add_argument(
            "--password-stdin", action="store_true", help="read a new user's password from stdin"
        )

    def handle(self, *, email: str, name: str, dismiss: bool, password_stdin: bool, **options: Any) -> None:
        email = email.strip().lower()
        user = User.objects.filter(email=email).first()
        if user is None and dismiss:
            raise CommandError(f"There is no user {email}.")
        password = None if user else self._password(email, from_stdin=password_stdin)
        with transaction.atomic():
            user = user or operations.create_user(email=email, name=name, password=password)
            operations.set_platform_operator(
                user=user, is_operator=not dismiss, by=Actor("command line"), now=timezone.now()
            )
        said = "is no platform operator any more" if dismiss else "is a platform operator"
        self.stdout.write(self.style.SUCCESS(f"{email} {said}."))

    def _password(self, email: str, *, from_stdin: bool) -> str:
        if not from_stdin and not sys.stdin.isatty():
            raise CommandError(f"{email} is new: give a password on stdin with --password-stdin.")
        password = (
            sys.stdin.readline().rstrip("\n") if from_stdin else getpass.getpass(f"Password for {email}: ")
        )
        try:
            validate_email(email)
            validate_password(password, User(email=email))
        except ValidationError as error:
            raise CommandError("\n".join(error.messages)) from error
        return password
