"""Sizing a network: years of it under uncertainty, costs, sensitivity, trade-off, decision, report."""
