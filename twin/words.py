"""Words for the values of discrete tags, in English and Japanese.

    STATES = words("stopped 停止", "starting 起動中", "high vacuum 高真空")

A word is its English text in every respect, so plant files, scenarios and programs go by that; `ja` is for people.
"""

from __future__ import annotations


class Word(str):
    """A label in English; `ja` is the same in Japanese."""

    ja: str

    def __new__(cls, english: str, ja: str = "") -> Word:
        made = super().__new__(cls, english)
        made.ja = ja
        return made


def words(*both: str) -> tuple[Word, ...]:
    """Labels from texts that end with a space and the Japanese word. Raises TypeError for one without."""
    if alone := [text for text in both if " " not in text]:
        raise TypeError(f'expected labels such as "stopped 停止", got {alone}')
    return tuple(Word(english, ja) for english, _, ja in (text.rpartition(" ") for text in both))


def in_japanese(label: str) -> str:
    """A label in Japanese; as it is where its kind does not say."""
    return getattr(label, "ja", "") or label


NO_YES = words("no いいえ", "yes はい")
OFF_ON = words("off 切", "on 入")
OFF_AUTO = words("off 切", "auto 自動")
STOP_RUN = words("stop 停止", "run 運転")
STOP_START = words("stop 停止", "start 始動")
NO_RESET = words("no なし", "reset 復帰")
REMOTE_LOCAL = words("remote 遠方", "local 現場")
