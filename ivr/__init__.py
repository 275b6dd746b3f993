"""Telephone knowledge without a carrier: the flow of a call, menus, listening windows, hints, spoken forms. Pure."""
