"""The access URL of an account on the dbt platform."""

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from dbt_component.errors import DbtCloudError

DEFAULT_ACCESS_URL = "https://cloud.getdbt.com"
_HOST = re.compile(r"^[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?$")
_HINT = (
    "Copy the access URL from the account's settings on the dbt platform, such as"
    " https://ab123.us1.dbt.com, https://emea.dbt.com or the address of a single tenant."
)


@dataclass(frozen=True)
class AccessUrl:
    """Scheme, host and port: the access URL of the dbt platform has no path.

    Attributes:
        text: Without a slash at its end, such as ``https://ab123.us1.dbt.com``.
    """

    text: str

    def __str__(self) -> str:
        return self.text

    @property
    def host(self) -> str:
        """The host, in lower case and without its port."""
        return urlsplit(self.text).hostname or ""

    def api_url(self, account_id: int) -> str:
        """The address below which the account's endpoints lie, without a slash at its end."""
        return f"{self.text}/api/v2/accounts/{account_id}"

    def run_url(self, run_id: int, *, account_id: int, project_id: int) -> str:
        """The page of a run."""
        return f"{self.text}/deploy/{account_id}/projects/{project_id}/runs/{run_id}"

    def job_url(self, job_id: int, *, account_id: int, project_id: int) -> str:
        """The page of a job."""
        return f"{self.text}/deploy/{account_id}/projects/{project_id}/jobs/{job_id}"


def parse_access_url(text: str) -> AccessUrl:
    """Reads an access URL in any form in which people have it.

    Accepted are the URLs of all regions, with or without an account prefix, and of single tenants; with or
    without scheme, and with the path of any page or endpoint, which is dropped. Without a scheme, https is
    meant. Plain http is accepted only for the loopback address: elsewhere it would send the token unencrypted.

    Raises:
        DbtCloudError: The text is not such a URL. The message contains no user information.
    """
    given = text.strip()
    if "://" not in given:
        given = f"https://{given}"
    try:
        parts = urlsplit(given)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        # Python's message repeats the part it could not parse, which may be a secret.
        raise _refused(text, "its host or port can't be parsed") from None
    if "@" in parts.netloc:
        raise _refused(text, "it contains a user name or a secret in front of the host")
    scheme = parts.scheme.lower()
    if scheme not in ("https", "http"):
        raise _refused(text, f"its scheme is {scheme!r} instead of 'https'")
    is_ipv6 = ":" in host
    if not is_ipv6 and not _HOST.match(host):
        raise _refused(text, "its host name is missing or has invalid characters")
    if scheme == "http" and not _is_loopback(host):
        raise _refused(text, "http would send the token unencrypted")
    shown = f"[{host}]" if is_ipv6 else host
    default_port = 443 if scheme == "https" else 80
    return AccessUrl(
        f"{scheme}://{shown}" if port in (None, default_port) else f"{scheme}://{shown}:{port}"
    )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _refused(text: str, reason: str) -> DbtCloudError:
    shown = text.rpartition("@")[2][:200]
    return DbtCloudError(
        f"The access URL {shown!r} of the dbt platform is refused: {reason}.", hint=_HINT
    )
