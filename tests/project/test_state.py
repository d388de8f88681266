"""The state file: what is damaged is noticed."""

from pathlib import Path

from dbt_component.errors import StateFormatError
from dbt_component.project.state import StateFile


def test_a_bit_flipped_anywhere_is_noticed_or_harmless(
    shop_state_path: Path, tmp_path: Path
) -> None:
    whole = bytearray(shop_state_path.read_bytes())
    path = tmp_path / "state"
    for position in range(50, len(whole), len(whole) // 60):
        damaged = bytearray(whole)
        damaged[position] ^= 0xFF
        path.write_bytes(damaged)
        try:
            state = StateFile(path)
            _ = state.index, state.selections, state.fingerprint
            for node in state.index.nodes:
                dict(state.manifest.props(node.unique_id))
        except StateFormatError:
            continue
