import dagster as dg
import pytest

from dbt_component.component.op_name import default_op_name
from tests.dg_project import DgProject

# A plain folder of the project's name; others; with a selection or in Git; set by the user.
KEYS = [
    "DbtProjectComponent[shop]",
    "DbtProjectComponent[transform]",
    "DbtProjectComponent[other_shop]",
    "DbtProjectComponent[dbt-shop]",
    "DbtProjectComponent[dbt.shop]",
    "DbtProjectComponent[shop-1c523e81]",
    "DbtProjectComponent[shop-7e4e80ee]",
    "DbtProjectComponent[../shop-83743c93]",
    "mine",
    "my own",
    "my-own",
]


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("DbtProjectComponent[shop]", "shop"),
        ("DbtProjectComponent[transform]", "shop__transform"),
        ("DbtProjectComponent[shop-1c523e81]", "shop__1c523e81"),
        ("mine", "shop__mine"),
    ],
)
def test_names(key: str, name: str) -> None:
    assert default_op_name("shop", key, None) == name


def test_names_are_unique_by_state_key() -> None:
    names = [default_op_name("shop", key, None) for key in KEYS]
    assert len(set(names)) == len(KEYS)
    assert all(name.isidentifier() for name in names)


@pytest.mark.usefixtures("prepared")
def test_components_of_one_file_have_ops_of_their_own(dg_project: DgProject) -> None:
    documents = [
        "type: dbt_component.DbtProjectComponent\n"
        "attributes:\n"
        "  project:\n"
        "    project_dir: '{{ context.project_root }}/shop'\n"
        f"    vars: {{variant: {number}}}\n"
        f"  translation: {{key_prefix: [p{number}]}}\n"
        for number in range(3)
    ]
    dg_project.write_yaml("---\n".join(documents), "nested/with-hyphen")
    names = [
        assets.op.name
        for assets in dg_project.load().assets or ()
        if isinstance(assets, dg.AssetsDefinition)
    ]
    assert len(set(names)) == 3
    assert all(name.startswith("shop__nested_with_hyphen_") for name in names)
