"""Values derived from tags, behind the image."""

from __future__ import annotations

import numpy as np
from asyncua import ua
from hypothesis import given
from hypothesis import strategies as st

from opcua_server.derived import AnyOf, DerivedValues, Differs, Lookup, Rule
from twin.tags import Tag

OWNER = Tag("A", 0, "1", "", "output", 0.0, 1.0, (), "A", "kind", "")
SIZE = 6
ADDRESS = st.integers(0, SIZE - 1)
LOOKUPS = st.builds(Lookup, ADDRESS, st.lists(st.integers(0, 5), min_size=1, max_size=4).map(tuple))
ANY_OFS = st.builds(AnyOf, st.lists(ADDRESS, min_size=1, max_size=4).map(tuple), st.sampled_from([0.0, 2.5]))
RULES = st.one_of(LOOKUPS, ANY_OFS, st.builds(Differs, ADDRESS, ADDRESS, st.sampled_from([0.05, 0.5])))


def by_hand(rule: Rule, image: list[float]) -> float:
    """The rule's meaning, one value at a time."""
    if isinstance(rule, Lookup):
        return rule.codes[min(int(image[rule.address]), len(rule.codes) - 1)]
    if isinstance(rule, AnyOf):
        return any(image[address] > rule.above for address in rule.addresses)
    return abs(image[rule.first] - image[rule.second]) > rule.tolerance


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
