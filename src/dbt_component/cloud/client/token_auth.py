"""The token of the dbt platform's API, kept out of everything that is shown."""

from requests import PreparedRequest
from requests.auth import AuthBase

from dbt_component.errors import DbtCloudAuthError


class TokenAuth(AuthBase):
    """Adds the token to requests. As authentication of a session it precedes entries of ~/.netrc.

    Raises:
        DbtCloudAuthError: The token is empty or can't be sent. The message does not contain it.
    """

    __slots__ = ("_token",)

    def __init__(self, token: str) -> None:
        token = token.strip()
        if not token:
            raise DbtCloudAuthError(
                "The token of the dbt platform is empty.",
                hint="Set the environment variable that `token` is read from.",
            )
        if not token.isascii() or not token.isprintable() or " " in token:
            raise DbtCloudAuthError(
                "The token of the dbt platform contains spaces or other characters that no token has.",
                hint="Copy it again; it starts with dbtc_, dbtu_ or the like and has one line.",
            )
        self._token = token

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        request.headers["Authorization"] = f"Token {self._token}"
        return request

    def __repr__(self) -> str:
        return "TokenAuth(***)"

    def hide(self, text: str) -> str:
        """The text without the token."""
        return text.replace(self._token, "***")
