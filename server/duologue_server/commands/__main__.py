"""Prints the cheat sheet: `python -m duologue_server.commands`."""

from duologue_server.commands.help import cheat_sheet

print(cheat_sheet())
