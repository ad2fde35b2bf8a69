"""A year of a network: its tables in the plant file, the jitted loop over ten-minute steps, its figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from twin.studies.sizing.campaign.campaign import Campaign, load_campaign

__all__ = ["Campaign", "load_campaign"]


def __getattr__(name: str) -> Any:
    """Imported when asked for, since kernels take a while to load."""
    if name in __all__:
        from twin.studies.sizing.campaign import campaign

        return getattr(campaign, name)
    raise AttributeError(name)
