import pytest

from dbt_component.cloud.access_url import parse_access_url
from dbt_component.errors import DbtCloudError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://cloud.getdbt.com", "https://cloud.getdbt.com"),
        ("https://cloud.getdbt.com/", "https://cloud.getdbt.com"),
        ("cloud.getdbt.com", "https://cloud.getdbt.com"),
        ("emea.dbt.com", "https://emea.dbt.com"),
        ("https://AU.dbt.com/api/v2", "https://au.dbt.com"),
        ("ab123.us1.dbt.com/deploy/7/projects/8/runs/9", "https://ab123.us1.dbt.com"),
        ("https://ab123.eu2.dbt.com/#/accounts/7?x=1", "https://ab123.eu2.dbt.com"),
        (" https://dbt.bakery.example:8443/ ", "https://dbt.bakery.example:8443"),
        ("https://dbt.bakery.example:443", "https://dbt.bakery.example"),
        ("http://127.0.0.1:8580", "http://127.0.0.1:8580"),
        ("http://[::1]:8580/", "http://[::1]:8580"),
        ("http://localhost", "http://localhost"),
    ],
)
def test_an_access_url_in_any_form_is_scheme_host_and_port(text: str, expected: str) -> None:
    assert parse_access_url(text).text == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "host name is missing"),
        ("https:///x", "host name is missing"),
        ("https://b ad", "invalid characters"),
        ("https://h:port", "can't be parsed"),
        ("ftp://cloud.getdbt.com", "'ftp' instead of 'https'"),
        ("http://cloud.getdbt.com", "unencrypted"),
        ("https://me:s3cret@cloud.getdbt.com", "a secret in front of the host"),
    ],
)
def test_anything_else_is_refused_without_showing_a_secret(text: str, reason: str) -> None:
    with pytest.raises(DbtCloudError, match=reason) as caught:
        parse_access_url(text)
    assert "s3cret" not in str(caught.value)


def test_it_leads_to_the_api_and_to_the_pages_of_runs_and_jobs() -> None:
    url = parse_access_url("ab123.us1.dbt.com")
    assert url.api_url(7) == "https://ab123.us1.dbt.com/api/v2/accounts/7"
    assert (
        url.run_url(9, account_id=7, project_id=8)
        == "https://ab123.us1.dbt.com/deploy/7/projects/8/runs/9"
    )
    assert (
        url.job_url(9, account_id=7, project_id=8)
        == "https://ab123.us1.dbt.com/deploy/7/projects/8/jobs/9"
    )
