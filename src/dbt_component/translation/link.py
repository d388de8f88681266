"""Links to a file at a commit on the website of the repository's host."""

from urllib.parse import quote

from dbt_component.errors import GitInputError
from dbt_component.translation.git_url import GitUrl, parse_git_url

# Hosts that accept ssh on the https port -> host of their website.
_WEB_HOST = {
    "ssh.github.com": "github.com",
    "altssh.gitlab.com": "gitlab.com",
    "altssh.bitbucket.org": "bitbucket.org",
}


def link_to_file(
    repo_url: str, commit: str, path: str, *, template: str | None = None
) -> str | None:
    """The web address of a file at a commit; ``None`` if the host is not known.

    Known hosts are GitHub, GitLab, Bitbucket and Azure DevOps in the cloud, and self-hosted GitHub, GitLab
    and Bitbucket if the host's name starts with the product's (``gitlab.example.com``).

    Args:
        repo_url: The URL that the project is fetched from, in any form.
        commit: The full commit hash.
        path: Path of the file relative to the root of the repository, with slashes.
        template: An address with ``{commit}`` and ``{path}``, used instead of the known hosts.
    """
    quoted = quote(path.lstrip("/"))
    if template is not None:
        return template.replace("{commit}", commit).replace("{path}", quoted)
    try:
        url = parse_git_url(repo_url)
    except GitInputError:
        return None
    host = _WEB_HOST.get(url.host, url.host)
    azure = _azure_repository(url)
    if azure is not None:
        return f"https://{azure}?path=/{quoted}&version=GC{commit}"
    # A non-default https port also serves the website; an ssh port does not.
    site = (
        f"https://{host}"
        if url.scheme != "https" or url.port is None
        else f"https://{url.host_and_port}"
    )
    repository = _quote(url).strip("/").removesuffix(".git")
    product = host.split(".")[0]
    if url.scheme == "file" or url.is_loopback or "/" not in repository:
        return None
    if product == "github" or host.endswith(".ghe.com"):
        return f"{site}/{repository}/blob/{commit}/{quoted}"
    if product == "gitlab":
        return f"{site}/{repository}/-/blob/{commit}/{quoted}"
    if host == "bitbucket.org":
        return f"{site}/{repository}/src/{commit}/{quoted}"
    if product == "bitbucket":
        project, _, name = repository.removeprefix("scm/").partition("/")
        return f"{site}/projects/{project}/repos/{name}/browse/{quoted}?at={commit}"
    return None


def _quote(url: GitUrl) -> str:
    return quote(url.path) if url.is_scp_like else url.path


def _azure_repository(url: GitUrl) -> str | None:
    parts = _quote(url).strip("/").split("/")
    if url.scheme == "ssh" and len(parts) == 4 and parts[0] == "v3":
        _, organization, project, name = parts
        if url.host == "ssh.dev.azure.com":
            return f"dev.azure.com/{organization}/{project}/_git/{name}"
        if url.host == "vs-ssh.visualstudio.com":
            return f"{organization}.visualstudio.com/{project}/_git/{name}"
    is_azure = url.host == "dev.azure.com" or url.host.endswith(".visualstudio.com")
    return f"{url.host}/{'/'.join(parts)}" if is_azure and "_git" in parts else None
