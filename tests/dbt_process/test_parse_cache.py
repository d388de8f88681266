"""dbt's parse cache is rebuilt unchanged, except for the values of environment variables."""

from typing import Any

import msgspec
import pytest

from dbt_component.dbt_process.parse_cache import ParseCache, split_parse_cache

CACHE: dict[str, Any] = {
    "metadata": {"dbt_version": "1.9.0"},
    "nodes": {
        "model.p.a": {"name": "a", "depends_on": {"nodes": ["seed.p.s"]}, "large": 2**63},
        "seed.p.s": {"name": "s", "root_path": "/then/p"},
    },
    "sources": {},
    "macros": {"macro.p.m": {"macro_sql": "ä"}},
    "env_vars": {"SET": "hidden", "CHANGED": "hidden too"},
}


def split(cache: dict[str, Any]) -> tuple[ParseCache, bytes]:
    toc, pieces = split_parse_cache(msgspec.msgpack.encode(cache))
    return ParseCache(toc, lambda offset, length: pieces[offset : offset + length]), toc + pieces


def test_the_rebuilt_cache_has_the_current_values_of_variables(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SET", "now")
    cache, kept = split(CACHE)
    assert b"hidden" not in kept
    assert cache.environment_names() == ["CHANGED", "SET"]
    whole = msgspec.msgpack.decode(cache.put_together(is_env_unchanged=lambda n: n == "SET"))
    assert list(whole) == list(CACHE)
    assert {**whole, "env_vars": None} == {**CACHE, "env_vars": None}
    assert whole["env_vars"]["SET"] == "now"
    assert whole["env_vars"]["CHANGED"] not in ("now", "hidden too")


def test_the_pieces_are_dbts_own_bytes() -> None:
    encoder = msgspec.msgpack.Encoder()
    entry = encoder.encode({"at": 1.5, "name": "a"})
    plain = msgspec.msgpack.encode({"nodes": {"model.p.a": msgspec.Raw(entry)}, "env_vars": {}})
    toc, pieces = split_parse_cache(plain)
    cache = ParseCache(toc, lambda offset, length: pieces[offset : offset + length])
    assert entry in cache.put_together(is_env_unchanged=lambda _: True)


def test_seeds_get_the_new_root_folder_of_a_moved_project() -> None:
    cache, _ = split(CACHE)
    whole = msgspec.msgpack.decode(
        cache.put_together(is_env_unchanged=lambda _: True, moved=("/then", "/now"))
    )
    assert whole["nodes"]["seed.p.s"]["root_path"] == "/now/p"


def test_a_dbt_without_a_parse_cache_gives_an_empty_one() -> None:
    toc, pieces = split_parse_cache(None)
    assert pieces == b""
    assert ParseCache(toc, lambda *_: b"").is_empty
