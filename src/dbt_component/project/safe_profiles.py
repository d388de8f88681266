"""A copy of profiles.yml without secrets, for the state.

It contains the project's own profile, and of that only what is known to be harmless: ``{{ env_var('NAME') }}``
anywhere, and plain text only under the keys of ``profile_keys``. Comments are not copied.
"""

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

import yaml

from dbt_component.project.profile_keys import harmless_keys

_ENV_VAR = re.compile(
    r"""\{\{-?\s*env_var\(\s*(?P<quote>['"])(?P<name>\w+)(?P=quote)\s*(?P<default>,[^{}]*)?\)"""
    r"""(?P<filters>(?:\s*\|\s*(?:as_number|as_native|as_text|as_bool|int|float|lower|upper|trim))*)\s*-?\}\}"""
)
_NO_DEFAULT = re.compile(r"""\s*,\s*(''|"")?\s*""")
# A secret within a value that is otherwise harmless, such as `md:shop?motherduck_token=…`.
_CREDENTIAL = re.compile(
    r"(token|passw|pwd|secret|sig|key|credential)\w*\s*[=:]\s*[^\s&;,]"
    # A user alone counts too, as a token may stand there; but that of Azure's storage is a container.
    r"|(?<!abfs)(?<!abfss)(?<!wasb)(?<!wasbs)://[^/\s@]+@",
    re.IGNORECASE,
)
_SECRET_NAME = re.compile(r"token|pass|pwd|secret|key|credential|dsn", re.IGNORECASE)


class SafeProfiles(NamedTuple):
    """The copy, and what it lacks.

    ``text`` is ``None`` if the output that the project uses can't be copied. ``omitted`` are the key paths whose
    values may be secrets; their outputs are not copied. ``without_default`` are those whose ``env_var`` lost its
    default value.
    """

    text: str | None
    omitted: list[str]
    without_default: list[str]


def make_safe(content: Any, *, profile: str | None, target: str | None) -> SafeProfiles:
    """Copies what is harmless of a profiles.yml.

    Args:
        content: The file, parsed.
        profile: The profile that the project uses; all are copied if there is none of that name.
        target: The target that the project uses, if it is not the profile's own.
    """
    profiles = content if isinstance(content, Mapping) else {}
    wanted = [name for name in profiles if name == profile]
    if not wanted:
        wanted = [name for name in profiles if name != "config"]
    copy = _Copy()
    kept: dict[str, Any] = {}
    is_usable = bool(wanted)
    for name in wanted:
        own = profiles[name]
        outputs = own.get("outputs") if isinstance(own, Mapping) else None
        if not isinstance(own, Mapping) or not isinstance(outputs, Mapping):
            is_usable = False
            continue
        copied = {
            str(output): safe
            for output, settings in outputs.items()
            if (safe := copy.output(f"{name}.outputs.{output}", settings)) is not None
        }
        used = target or own.get("target")
        if not copied or (str(used) in map(str, outputs) and str(used) not in copied):
            is_usable = False
        rest = {"target": own["target"]} if isinstance(own.get("target"), str) else {}
        kept[name] = {**rest, "outputs": copied}
    flags = profiles.get("config")
    if isinstance(flags, Mapping):
        kept["config"] = {key: value for key, value in flags.items() if isinstance(value, bool)}
    text = yaml.safe_dump(kept, sort_keys=False, allow_unicode=True) if is_usable else None
    return SafeProfiles(text, copy.omitted, copy.without_default)


class _Copy:
    """Copies outputs, and notes what is omitted."""

    def __init__(self) -> None:
        self.omitted: list[str] = []
        self.without_default: list[str] = []

    def output(self, place: str, settings: Any) -> dict[str, Any] | None:
        """The copy of one output; ``None`` if a value in it may be a secret."""
        if not isinstance(settings, Mapping):
            self.omitted.append(place)
            return None
        keys = harmless_keys(str(settings.get("type") or ""))
        number = len(self.omitted)
        copied: dict[str, Any] = self._value(settings, place, "", keys)
        return copied if len(self.omitted) == number else None

    def _value(self, value: Any, place: str, key: str, keys: list[str]) -> Any:
        """Copies a value.

        Args:
            value: The value.
            place: Its path in the file, for messages.
            key: Its path in the output, without positions in lists.
            keys: The harmless keys of the adapter.
        """
        if isinstance(value, Mapping):
            prefix = f"{key}." if key else ""
            return {
                str(name): self._value(item, f"{place}.{name}", f"{prefix}{name}", keys)
                for name, item in value.items()
            }
        if isinstance(value, list):
            return [
                self._value(item, f"{place}[{position}]", key, keys)
                for position, item in enumerate(value)
            ]
        if value is None or isinstance(value, bool) or value == "":
            return value
        is_listed = any(_matches(key, pattern) for pattern in keys)
        text = str(value)
        literal = _ENV_VAR.sub(lambda match: f" {match['default'] or ''} ", text)
        if (_ENV_VAR.sub("", text) and not is_listed) or (
            is_listed and _CREDENTIAL.search(literal)
        ):
            self.omitted.append(place)
            return None
        if is_listed:
            return value if isinstance(value, (int, float)) else text
        return _ENV_VAR.sub(lambda match: self._without_default(match, place), text)

    def _without_default(self, match: "re.Match[str]", place: str) -> str:
        default = match["default"] or ""
        if default and not _NO_DEFAULT.fullmatch(default):
            self.without_default.append(place)
            default = ""
        return f"{{{{ env_var('{match['name']}'{default}){match['filters']} }}}}"


def _matches(key: str, pattern: str) -> bool:
    if "*" in pattern and _SECRET_NAME.search(key):
        return False
    return fnmatchcase(key, pattern)
