"""Hands-free coding: recognised words to a command, a command to a plan. Nothing here does I/O or knows the time.

`parse` reads an utterance, `plan` says what it would do, `what_can_i_say` answers for a place. The session applies the
edits, runs the actions of a plan in the editor, and keeps what was done.
"""

from duologue_server.commands.help import Help, cheat_sheet, what_can_i_say
from duologue_server.commands.history import Done, History
from duologue_server.commands.kinds import Command, is_harmless
from duologue_server.commands.own import BadOwnCommands, OwnCommands, own_commands_file, read_own_commands
from duologue_server.commands.parse import Reading, likeliest, parse, wakes
from duologue_server.commands.place import Place, Problem
from duologue_server.commands.planning import plan
from duologue_server.commands.plans import Action, Change, Edit, Plan, Refusal, apply, inverse

__all__ = [
    "Action",
    "BadOwnCommands",
    "Change",
    "Command",
    "Done",
    "Edit",
    "Help",
    "History",
    "OwnCommands",
    "Place",
    "Plan",
    "Problem",
    "Reading",
    "Refusal",
    "apply",
    "cheat_sheet",
    "inverse",
    "is_harmless",
    "likeliest",
    "own_commands_file",
    "parse",
    "plan",
    "read_own_commands",
    "wakes",
    "what_can_i_say",
]
