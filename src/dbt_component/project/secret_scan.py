"""Finds secrets in plain text in a profiles.yml."""

import re
from typing import Any

_SECRET_KEY = re.compile(
    r"(^pass$|password|passphrase|secret|token|private_key|keyfile_json|api_key|access_key|credential)",
    re.IGNORECASE,
)
_NOT_SECRET = frozenset({"token_uri", "token_endpoint", "private_key_path", "use_identity_token"})


def literal_secrets(content: Any, prefix: str = "") -> list[str]:
    """Key paths whose value looks like a secret in plain text, in the file's order.

    Values that call ``env_var``, empty values and booleans do not count.
    """
    found: list[str] = []
    if isinstance(content, dict):
        for key, value in content.items():
            path = f"{prefix}.{key}" if prefix else str(key)
            name = str(key)
            is_secret = bool(_SECRET_KEY.search(name)) and name not in _NOT_SECRET
            if is_secret and isinstance(value, (str, int)) and not isinstance(value, bool):
                if value != "" and "env_var" not in str(value):
                    found.append(path)
            elif is_secret and isinstance(value, dict):
                found.append(path)
            else:
                found.extend(literal_secrets(value, path))
    elif isinstance(content, list):
        for position, value in enumerate(content):
            found.extend(literal_secrets(value, f"{prefix}[{position}]"))
    return found
