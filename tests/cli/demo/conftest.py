"""One small sample city serves all cases; making it takes about two seconds."""

from pathlib import Path

import pytest

from senhui.cli.demo import SampleCity, make_sample_layers

N_ROWS = 3000


@pytest.fixture(scope="session")
def city(tmp_path_factory: pytest.TempPathFactory) -> SampleCity:
    """Return a city of 3,000 sub-compartments as Shapefiles."""
    return make_sample_layers(Path(tmp_path_factory.mktemp("sample_city")), n_sub_compartments=N_ROWS)
