"""Alarms after ISA-18.2: declared by kinds of equipment, derived for a plant, evaluated on simulation time."""
