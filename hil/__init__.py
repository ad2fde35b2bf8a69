"""What surrounds a plant: controllers, links to it, faults and tests. All of it sees tags only."""
