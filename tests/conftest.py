"""What every test may lean on: property profiles, databases, a browser."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = [
    f"tests.plugins.{name}" for name in ("needs", "sharing", "databases", "browsers", "counting")
]

_SLOW_IS_FINE = [HealthCheck.too_slow]  # two busy cores say nothing about a strategy

settings.register_profile("dev", max_examples=60, deadline=None, suppress_health_check=_SLOW_IS_FINE)
settings.register_profile("ci", settings.get_profile("dev"), max_examples=100, print_blob=True)
settings.register_profile("soak", settings.get_profile("ci"), max_examples=2000)

if os.environ.get("KEGUAN_SOAK"):
    settings.load_profile("soak")
else:
    settings.load_profile("ci" if os.environ.get("CI") else "dev")


@pytest.fixture(scope="session", autouse=True)
def _own_instance(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep every test off the folder of whoever runs them: jobs clear old files away there."""
    folder: Path = tmp_path_factory.mktemp("instance")
    os.environ["KEGUAN_INSTANCE"] = str(folder)
