"""What every kind of equipment must do, whoever wrote it: run, keep the books, replay."""

import numpy as np
import pytest

from tests.twin.examples import examples, join
from twin.plant import Plant, Snapshot

TEXTS = examples()
MINUTES = 10


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return join(TEXTS, tmp_path_factory.mktemp("every") / "every-kind.toml")


@pytest.fixture(scope="module")
def played(path):
    """The joined plant before and after ten minutes."""
    plant = Plant.load(path)
    start = plant.snapshot()
    books = {n: _content(plant, n) for n in range(len(TEXTS))}
    plant.run(minutes=MINUTES)
    return plant, start, books


def _content(plant, n):
    """Helium, energy less what was booked in, and impurities of one example; and the size of each."""
    data, compiled = plant._data, plant._compiled
    nodes = [i for i, name in enumerate(compiled.node_names) if name.startswith(f"X{n}-")]
    walls = [i for i, name in enumerate(compiled.wall_names) if name.startswith(f"X{n}-")]
    links = [i for i, (unit, _) in enumerate(compiled.links) if unit.name.startswith(f"X{n}-")]
    cells = [c for w in walls for c in range(data.wall[w].first, data.wall[w].first + data.wall[w].n)]
    node = data.node
    booked = node.q_total[nodes].sum() + data.wall_total[walls].sum() + data.link_total.w_total[links].sum()
    energy = node.energy[nodes].sum() + data.cell.e[cells].sum() - booked
    impurities = np.array([node[s][nodes].sum() for s in ("n2", "o2", "h2o", "h2")])
    size = np.abs(node.energy[nodes]).sum() + np.abs(data.cell.e[cells]).sum() + abs(booked)
    return node.mass[nodes].sum(), np.abs(node.mass[nodes]).sum(), energy, size, impurities


def test_every_kind_has_an_example_that_uses_it():
    for kind, text in TEXTS.items():
        assert f'kind = "{kind}"' in text


@pytest.mark.parametrize(("n", "kind"), list(enumerate(TEXTS)), ids=list(TEXTS))
def test_helium_energy_and_impurities_are_conserved(played, n, kind):
    plant, _, books = played
    mass, mass_size, energy, energy_size, impurities = books[n]
    now = _content(plant, n)
    assert now[0] == pytest.approx(mass, abs=1e-11 * max(mass_size, now[1], 1e-12)), "helium"
    assert now[2] == pytest.approx(energy, abs=1e-11 * max(energy_size, now[3], 1e-6)), "energy"
    np.testing.assert_allclose(now[4], impurities, atol=1e-11 * max(np.abs(now[4]).max(), 1e-9), err_msg="impurities")


def test_every_value_stays_finite(played):
    plant, _, _ = played
    assert np.isfinite(plant.image).all()


def test_a_replay_from_a_snapshot_is_bit_identical(played):
    plant, start, _ = played
    end = plant.image.copy()
    plant.restore(Snapshot.from_bytes(start.to_bytes()))
    plant.run(minutes=MINUTES)
    np.testing.assert_array_equal(plant.image, end)


def test_a_replay_in_pieces_is_bit_identical(played):
    plant, start, _ = played
    end = plant.image.copy()
    plant.restore(start)
    for steps in (1, 7, 92, 200, 300):
        plant.advance(steps)
    np.testing.assert_array_equal(plant.image, end)


def test_no_kernel_writes_into_the_model(path):
    plant = Plant.load(path)
    tables = [np.asarray(value).tobytes() for value in plant._model if isinstance(value, np.ndarray)]
    plant.advance(60)
    assert tables == [np.asarray(value).tobytes() for value in plant._model if isinstance(value, np.ndarray)]
