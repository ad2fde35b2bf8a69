"""Every number and figure of the shipped networks has its text in Japanese, and no text is left over."""

import tomllib
from pathlib import Path

import pytest

import twin.studies.sizing.campaign.japanese as japanese
from twin.studies.sizing.campaign import load_campaign

KANA_OR_KANJI = range(0x3040, 0x9FFF)


@pytest.mark.parametrize("plant", ["herenet", "byu"])
def test_parameters_and_figures_of_a_network_speak_japanese(plant):
    model = load_campaign(plant)
    silent = [p.name for p in (*model.parameters, *model.figures) if not _japanese(p.text_ja)]
    assert silent == []


def test_every_text_belongs_to_a_parameter():
    texts = tomllib.loads(Path(japanese.__file__).with_suffix(".toml").read_text(encoding="utf-8"))
    said = {text for plant in ("herenet", "byu") for text in (p.text_ja for p in load_campaign(plant).parameters)}
    unknown = [(group, name) for group, fields in texts.items() for name, text in fields.items() if text not in said]
    assert unknown == []


def _japanese(text):
    return any(ord(letter) in KANA_OR_KANJI for letter in text)
