"""Steady design and rating of a helium liquefier: the modified Claude (Collins) cycle.

`cards` says what may be specified, `arrangement` how the equipment is connected, `design_file` reads a specification,
`cycle` holds the equations as kernels, `steady` solves them and refuses what cannot work, `exergy` accounts for losses,
`optimum` chooses splits and pressures, `pictures` draws. `catalogue` holds published machines (`machines/*.toml`),
`calibrate` fits a machine to `plant_data`, `nozzles` keeps its turbines at another operating point.
`rating` keeps all of its hardware, `performance_map` stores what that gives, `start_up` starts it in the dynamic twin.
"""
