"""Names of the database roles. Fixed, because policies, grants and function owners name them."""

OWNER_ROLE = "pqlhub_owner"
APP_ROLE = "pqlhub_app"
AUTHN_ROLE = "pqlhub_authn"
BACKUP_ROLE = "pqlhub_backup"
