"""Controllers: cards and kernels like any equipment, but they read and write tags only, at their own scan period.

Compiled into a plant's chain they run inside `step`; over a Link the same kernels run outside it (hil.rig).
"""

from hil.controllers import (  # noqa: F401  (importing registers the kinds)
    alarm,
    batch,
    cold_box_sequence,
    dewar_level,
    gas_management,
    interlock,
    on_off,
    pid,
    purifier_sequence,
    turbine_protection,
)
