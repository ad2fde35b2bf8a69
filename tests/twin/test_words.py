"""Labels in two languages, and signs of health: what every kind declares."""

from __future__ import annotations

import json
import pickle

import pytest

from twin.health import FAILURE, MAINTENANCE_REQUIRED
from twin.kinds import load_kinds
from twin.unit import KINDS, Kind
from twin.words import Word, in_japanese, words

load_kinds()


def ours() -> list[Kind]:
    return [kind for kind in KINDS.values() if kind.card.__module__.partition(".")[0] in ("twin", "hil")]


def test_a_word_is_its_english_text_in_every_respect() -> None:
    stopped, vacuum = words("stopped 停止", "high vacuum 高真空")
    assert (stopped, vacuum) == ("stopped", "high vacuum")
    assert hash(stopped) == hash("stopped")
    assert json.dumps([vacuum]) == '["high vacuum"]'
    assert (stopped.ja, vacuum.ja) == ("停止", "高真空")
    assert pickle.loads(pickle.dumps(vacuum)).ja == "高真空"
    assert in_japanese("plain") == "plain"
    assert in_japanese(Word("stopped", "停止")) == "停止"


def test_a_word_without_japanese_is_refused() -> None:
    with pytest.raises(TypeError, match="stopped 停止"):
        words("open 開", "shut")


@pytest.mark.parametrize("kind", ours(), ids=lambda kind: kind.name)
def test_a_kind_and_all_its_labels_have_japanese_names(kind: Kind) -> None:
    assert kind.ja
    plain = [label for q in kind.quantities.values() for label in q.labels if not getattr(label, "ja", "")]
    assert plain == []


def test_signs_of_health_name_tags_that_the_kind_has() -> None:
    with_signs = [kind for kind in ours() if hasattr(kind.card, "health")]
    assert len(with_signs) > 10
    for kind in with_signs:
        for sign in kind.card.health(_Anything()):
            assert sign.tag in kind.quantities or sign.tag == "p", kind.name
            assert MAINTENANCE_REQUIRED <= sign.state <= FAILURE
            assert sign.at_least <= sign.at_most


class _Anything:
    """Stands for a card whose parameters are all zero."""

    def __getattr__(self, name: str) -> float:
        return 0.0
