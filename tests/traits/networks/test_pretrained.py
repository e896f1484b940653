import hashlib
from importlib.resources import files

import numpy as np
import pytest

from lacunar.traits.data.schema import PEOPLE, Attribute, Schema
from lacunar.traits.networks.pretrained import StartingWeights, encode_start, read_start

torch = pytest.importorskip("torch")
from lacunar.traits.config import TraitsConfig  # noqa: E402  # after torch is known to be there
from lacunar.traits.networks.build import build_network, load_state, network_state  # noqa: E402  # same

HAT = Attribute("hat", ("none", "cap", "helmet"))
LUGGAGE = next(attribute for attribute in PEOPLE.attributes if attribute.name == "luggage")


def fresh_state(schema, seed=0):
    return network_state(
        build_network(TraitsConfig(), schema, generator=torch.Generator().manual_seed(seed))
    )


@pytest.fixture(scope="module")
def weights():
    return read_start("pedestrians")


def test_a_network_of_the_same_schema_gets_all_weights(weights):
    started = weights.applied_to(fresh_state(PEOPLE), PEOPLE)
    assert started.keys() == weights.arrays.keys()
    for name, array in started.items():
        np.testing.assert_array_equal(array, weights.arrays[name].astype(np.float32))
        assert array.dtype == np.float32


def test_a_network_can_load_its_starting_weights(weights):
    schema = Schema((HAT, LUGGAGE), "image")
    network = build_network(TraitsConfig(), schema)
    load_state(network, weights.applied_to(network_state(network), schema))


def test_known_attributes_get_their_weights_in_any_order(weights):
    schema, fresh = Schema((HAT, LUGGAGE), "image"), fresh_state(Schema((HAT, LUGGAGE), "image"))
    started = weights.applied_to(fresh, schema)
    place = PEOPLE.names.index("luggage")
    for module in ("stripe_features", "heads", "colour_heads"):
        own = [name for name in fresh if name.startswith(f"{module}.0.")]
        known = [name for name in fresh if name.startswith(f"{module}.1.")]
        assert own
        assert known
        for name in own:
            np.testing.assert_array_equal(started[name], fresh[name])
        for name in known:
            there = name.replace(f"{module}.1.", f"{module}.{place}.")
            np.testing.assert_array_equal(started[name], weights.arrays[there].astype(np.float32))
    np.testing.assert_array_equal(started["attention.weight"][0], fresh["attention.weight"][0])
    np.testing.assert_array_equal(
        started["attention.weight"][1],
        weights.arrays["attention.weight"][place].astype(np.float32),
    )


def test_the_maps_are_shared_by_all_schemas(weights):
    schema = Schema((HAT,), "image")
    started = weights.applied_to(fresh_state(schema), schema)
    shared = [name for name in started if name.startswith(("near.", "far."))]
    assert len(shared) > 20
    for name in shared:
        np.testing.assert_array_equal(started[name], weights.arrays[name].astype(np.float32))


def test_the_same_name_with_other_classes_is_another_attribute(weights):
    swapped = Attribute("luggage", LUGGAGE.classes[::-1])
    assert weights.start_for(Schema((swapped, HAT), "image")).attributes == ()
    assert weights.start_for(Schema((HAT, LUGGAGE), "image")).attributes == ("luggage",)


def test_a_network_without_histograms_starts_too(weights):
    network = build_network(TraitsConfig(colours=False), PEOPLE)
    load_state(network, weights.applied_to(network_state(network), PEOPLE))


def test_applying_does_not_change_the_random_weights(weights):
    schema = Schema((HAT, LUGGAGE), "image")
    fresh = fresh_state(schema)
    before = {name: array.copy() for name, array in fresh.items()}
    weights.applied_to(fresh, schema)
    for name, array in fresh.items():
        np.testing.assert_array_equal(array, before[name])


def test_weights_come_back_from_their_file_in_half_precision(tmp_path, monkeypatch):
    state = fresh_state(PEOPLE)
    folder = tmp_path / "weights"
    folder.mkdir()
    content = encode_start(PEOPLE, state)
    (folder / "pedestrians.safetensors").write_bytes(content)
    monkeypatch.setattr("lacunar.traits.networks.pretrained.files", lambda package: tmp_path)
    read = read_start.__wrapped__("pedestrians")
    assert read.schema == PEOPLE
    assert read.digest == hashlib.sha256(content).hexdigest()
    for name, array in state.items():
        np.testing.assert_array_equal(read.arrays[name], array.astype(np.float16))


def test_the_file_in_the_package_is_small_and_finite(weights):
    path = files("lacunar.traits").joinpath("weights", "pedestrians.safetensors")
    assert len(path.read_bytes()) < 1_000_000
    assert all(np.isfinite(array).all() for array in weights.arrays.values())
    assert isinstance(weights, StartingWeights)
