"""The machine room: what any package may use and no user sees (files, processes, plug-ins)."""
