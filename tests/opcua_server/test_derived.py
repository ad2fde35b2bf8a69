"""Values derived from tags, behind the image."""

from __future__ import annotations

import numpy as np
from asyncua import ua
from hypothesis import given
from hypothesis import strategies as st

from opcua_server.derived import TIME, AnyOf, DerivedValues, Differs, Lookup, Rule, Worst
from twin.tags import Tag

OWNER = Tag("A", 0, "1", "", "output", 0.0, 1.0, (), "A", "kind", "")
SIZE = 6
ADDRESS = st.integers(0, SIZE - 1)
LOOKUPS = st.builds(
    Lookup,
    ADDRESS,
    st.lists(st.integers(0, 5), min_size=1, max_size=4).map(tuple),
    st.integers(-1, SIZE - 1),
    st.just(9),
)
ANY_OFS = st.builds(AnyOf, st.lists(ADDRESS, min_size=1, max_size=4).map(tuple), st.sampled_from([0.0, 2.5]))
WHEN = st.tuples(ADDRESS, st.just(0.5), st.sampled_from([1.5, 9.0]))
PAIRS = st.builds(Differs, ADDRESS, ADDRESS, st.sampled_from([0.05, 0.5]), st.just(0.0), WHEN)
SIGNS = st.tuples(ADDRESS, st.sampled_from([0.5, 1.0]), st.sampled_from([1.0, 9.0]), st.integers(1, 4))
RANKS = st.builds(Worst, st.lists(SIGNS, min_size=1, max_size=4).map(tuple), st.just((0, 4, 3, 2, 1)))
RULES = st.one_of(LOOKUPS, ANY_OFS, PAIRS, RANKS)


def by_hand(rule: Rule, image: list[float]) -> float:
    """The rule's meaning, one value at a time."""
    if isinstance(rule, Lookup):
        if rule.unless >= 0 and image[rule.unless] > 0.5:
            return rule.instead
        return rule.codes[min(int(image[rule.address]), len(rule.codes) - 1)]
    if isinstance(rule, AnyOf):
        return any(image[address] > rule.above for address in rule.addresses)
    if isinstance(rule, Worst):
        met = [rank for address, low, high, rank in rule.signs if low <= image[address] <= high]
        return rule.codes[max(met, default=0)]
    address, low, high = rule.when
    return low <= image[address] <= high and abs(image[rule.first] - image[rule.second]) > rule.tolerance


@given(st.lists(RULES, max_size=12), st.lists(st.sampled_from([0.0, 0.3, 1.0, 2.0, 3.0]), min_size=SIZE, max_size=SIZE))
def test_all_rules_at_once_give_what_each_means(rules: list[Rule], image: list[float]) -> None:
    derived = DerivedValues(SIZE)
    for i, rule in enumerate(rules):
        derived.add(f"A.{i}", rule, ("no", "yes"), OWNER, ua.VariantType.Boolean, "", "")
    extended = derived.extend(np.array(image))
    assert extended[:SIZE].tolist() == image
    assert extended[SIZE:].tolist() == [by_hand(rule, image) for rule in rules]


def test_a_value_that_is_not_a_number_counts_as_the_first_label() -> None:
    derived = DerivedValues(1)
    tag = derived.add("A.health", Lookup(0, (7, 8)), ("a", "b"), OWNER, ua.VariantType.Int32, "", "")
    assert tag.address == 1
    assert derived.extend(np.array([np.nan]))[1] == 7


def test_a_difference_counts_when_it_has_lasted_and_anew_after_a_return_in_time() -> None:
    derived = DerivedValues(SIZE)
    tag = derived.add("A.off", Differs(1, 2, 0.05, delay=10.0), ("no", "yes"), OWNER, ua.VariantType.Boolean, "", "")

    def seen(time: float, first: float, second: float) -> bool:
        image = np.zeros(SIZE)
        image[TIME], image[1], image[2] = time, first, second
        return bool(derived.extend(image)[tag.address])

    walk = [(0.0, 1.0, 0.0), (9.0, 1.0, 0.0), (10.0, 1.0, 0.0), (11.0, 0.0, 0.0), (12.0, 1.0, 0.0), (21.0, 1.0, 0.0)]
    assert [seen(*moment) for moment in walk] == [False, False, True, False, False, False]
    assert seen(22.0, 1.0, 0.0)
    assert [seen(time, 1.0, 0.0) for time in (5.0, 14.0, 15.0)] == [False, False, True]  # a snapshot was restored
