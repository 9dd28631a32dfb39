"""gemcore.encoder.storage: an encoder on disk, whole or refused."""

import json
from pathlib import Path

import pytest
import safetensors.torch
import torch

from gemcore import Cell, CellBatch, SearchSpace
from gemcore.encoder import Encoder, EncoderConfig, train_encoder


def edit(path: Path, **changes: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


@pytest.fixture
def saved(encoder: Encoder, tmp_path: Path) -> Path:
    encoder.save(tmp_path / "encoder")
    return tmp_path / "encoder"


def test_loads_what_was_saved(encoder: Encoder, saved: Path, space: SearchSpace) -> None:
    loaded = Encoder.load(saved)
    for name, tensor in encoder.coder.state_dict().items():
        assert torch.equal(loaded.coder.state_dict()[name], tensor)
    assert (loaded.config, loaded.space) == (encoder.config, encoder.space)
    assert loaded.report == encoder.report
    cells = space.sample(20)
    assert torch.equal(loaded.encode(cells), encoder.encode(cells))
    assert sorted(path.name for path in saved.iterdir()) == ["encoder.json", "encoder.safetensors"]


def test_loading_leaves_the_global_generator_alone(saved: Path) -> None:
    before = torch.get_rng_state()
    Encoder.load(str(saved))
    assert torch.equal(torch.get_rng_state(), before)


def test_json_is_for_every_reader(saved: Path) -> None:
    def refuse(constant: str) -> float:
        raise AssertionError(constant)

    content = json.loads((saved / "encoder.json").read_text(), parse_constant=refuse)
    assert content["format"] == "gemcore.encoder"
    assert content["space"]["search_space"]["num_nodes"] == 6


def test_encoder_of_cells_keeps_their_kind_alone(tiny: EncoderConfig, tmp_path: Path) -> None:
    cells = (
        SearchSpace.preset("small")
        .sample(20)
        .with_op_names(("input", "sepconv3x3", "conv1x1", "other"))
    )
    trained = train_encoder(cells, tiny)
    trained.save(tmp_path)
    loaded = Encoder.load(tmp_path)
    assert isinstance(loaded.space, CellBatch)
    assert loaded.space == trained.space == cells[:0]
    assert torch.equal(loaded.encode(cells), trained.encode(cells))


def test_only_strings_can_be_saved_as_operations(tiny: EncoderConfig, tmp_path: Path) -> None:
    trained = train_encoder(CellBatch.from_cells([Cell((6, 8), ((0, 1),))]), tiny)
    with pytest.raises(ValueError, match=r"op_names must be strings to be saved, got 6"):
        trained.save(tmp_path)
    assert not list(tmp_path.iterdir())


def test_replaces_an_older_encoder(saved: Path, space: SearchSpace, tiny: EncoderConfig) -> None:
    other = train_encoder(space, tiny, seed=7)
    other.save(saved)
    cells = space.sample(5)
    assert torch.equal(Encoder.load(saved).encode(cells), other.encode(cells))


def test_missing_files(saved: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"encoder\.json"):
        Encoder.load(saved / "elsewhere")
    (saved / "encoder.safetensors").unlink()
    with pytest.raises(FileNotFoundError, match=r"encoder\.safetensors"):
        Encoder.load(saved)


def test_corrupt_files(saved: Path) -> None:
    weights = saved / "encoder.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match=r"encoder.safetensors must be a safetensors file"):
        Encoder.load(saved)
    flipped = bytearray(whole)
    flipped[-1] ^= 1
    weights.write_bytes(flipped)
    with pytest.raises(ValueError, match=r"encoder.safetensors must hold the weights that"):
        Encoder.load(saved)
    weights.write_bytes(whole)
    document = saved / "encoder.json"
    document.write_bytes(document.read_bytes()[:100])
    with pytest.raises(ValueError, match=r"encoder.json must hold JSON, got a corrupt file"):
        Encoder.load(saved)


def test_weights_of_another_encoder(saved: Path) -> None:
    safetensors.torch.save_file({"a": torch.zeros(2)}, saved / "encoder.safetensors")
    with pytest.raises(ValueError, match=r"encoder.safetensors must hold the weights that"):
        Encoder.load(saved)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": "gemcore.predictor"}, "must be a document of format 'gemcore.encoder'"),
        ({"version": 2}, "must have a version from 1 to 1 .*, got 2"),
        (
            {"config": {"embedding_dim": 0}},
            r"must describe an encoder: config\.embedding_dim must be >= 1",
        ),
        ({"config": {"depth": 3}}, r"must describe an encoder: config\.depth: unknown key"),
        ({"config": 3}, "must describe an encoder: config must be a table of keys"),
        ({"space": {}}, "must describe an encoder, got one that lacks 'cells'"),
        ({"space": None}, "must describe an encoder: "),
        ({"report": {}}, "must describe an encoder, got one that lacks 'encoder'"),
        ({"weights": "0"}, "must hold the weights that encoder.json beside it speaks of"),
    ],
)
def test_foreign_documents(saved: Path, changes: dict[str, object], message: str) -> None:
    edit(saved / "encoder.json", **changes)
    with pytest.raises(ValueError, match=rf"encoder\.(json|safetensors) {message}"):
        Encoder.load(saved)
