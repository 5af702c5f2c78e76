"""How well an engine keeps the floor: metrics over floor logs, baselines, ablations, a table and a picture."""
