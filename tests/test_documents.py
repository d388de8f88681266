"""README.md and docs/: every block of YAML loads, every block of Python runs, every key is listed."""

import re
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml
from dagster._core.storage.defs_state.base import DefsStateStorage
from dagster._utils import file_relative_path
from dagster_shared.utils.config import load_toml_as_dict

from dbt_component.component.component import DbtProjectComponent
from dbt_component.dbt_process.engine import NEWEST_TESTED
from tests.dg_project import DgProject, specs_of
